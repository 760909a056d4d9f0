/// A kind of object of the benchmark: one emoji.
public struct EmojiCategory: Sendable, Hashable, Codable {
  /// From 1 on, in the order of Unicode's list; the same whatever part of the catalogue is used.
  public let id: Int
  /// CLDR's short name, with typewriter apostrophes: "guide dog".
  public let name: String
  /// Keywords that CLDR gives to this category and to no other, at most three; no parts of its name,
  /// and never another category's name.
  public let synonyms: [String]
  /// All of CLDR's keywords; none for an emoji newer than CLDR's file.
  public let keywords: [String]
  /// The Unicode character.
  public let codePoint: UInt32
  /// "Animals & Nature", "Food & Drink", "Travel & Places", "Activities" or "Objects".
  public let group: String
  /// A part of the group, such as "animal-mammal".
  public let subgroup: String

  /// What it is in a few words: "animal-mammal: accessibility, blind, guide".
  public var definition: String {
    ([subgroup.replacing("-", with: " ")]
      + (keywords.isEmpty ? [] : [keywords.joined(separator: ", ")]))
      .joined(separator: ": ")
  }
}
