public import Support

/// The categories of the emoji benchmark with their pictures.
///
/// A character is in the catalogue if it
/// - is a single fully qualified emoji of the groups animals & nature, food & drink, travel &
///   places, activities or objects (no people, faces, symbols, flags, skin tones),
/// - is not a clock face with one of 24 times, which differ by a hand only,
/// - has a picture in the font,
/// - and does not look like one of its subgroup before it: see `GlyphSignature.nearest`.
public struct EmojiCatalogue: Sendable {
  /// In the order of Unicode's list.
  public let categories: [EmojiCategory]
  /// Of each category.
  public let glyphs: [Glyph]

  /// Groups of Unicode's list whose emoji are things.
  static let groups: Set = [
    "Animals & Nature", "Food & Drink", "Travel & Places", "Activities", "Objects",
  ]
  static let clockFaces: ClosedRange<UInt32> = 0x1F550...0x1F567

  /// Reads the font and the lists: 0.5 seconds.
  ///
  /// - Throws: `InputError` that names the file: `missingInput` with the package it comes from,
  ///   `badData` for another version or damage.
  public init(_ files: EmojiFiles = .debian) throws(InputError) {
    let annotations = try CLDRAnnotations(folder: files.cldr)
    let list = try EmojiTestFile(path: files.emojiTest)
    let font = try GlyphFont(path: files.font)
    var kept: [(entry: EmojiTestFile.Entry, codePoint: UInt32, glyph: Glyph)] = []
    /// Of those kept, by subgroup.
    var signatures = [String: [GlyphSignature]]()
    for entry in list.entries where Self.groups.contains(entry.group) {
      // A variation selector only asks for the coloured picture.
      let points = entry.codePoints.filter { $0 != 0xFE0F }
      guard points.count == 1, !Self.clockFaces.contains(points[0]),
        let glyph = try font.glyph(of: points[0])
      else { continue }
      let signature = GlyphSignature(glyph)
      let isKnown = signatures[entry.subgroup, default: []].contains {
        $0.distance(to: signature) < GlyphSignature.nearest
      }
      if isKnown { continue }
      signatures[entry.subgroup, default: []].append(signature)
      kept.append((entry, points[0], glyph))
    }
    // Apostrophes as people type them.
    func plain(_ text: String) -> String { text.replacing("\u{2019}", with: "'") }
    let names = kept.map { plain($0.entry.name) }
    let keywords = kept.map { kept in
      (UnicodeScalar(kept.codePoint).flatMap { annotations.keywords[String($0)] } ?? []).map(plain)
    }
    // How many categories have a keyword, or are called so.
    var uses = [String: Int]()
    for (name, words) in zip(names, keywords) {
      for word in Set(words + [name]) { uses[word.lowercased(), default: 0] += 1 }
    }
    categories = kept.enumerated().map { index, kept in
      EmojiCategory(
        id: index + 1, name: names[index],
        synonyms: Array(
          keywords[index].filter {
            uses[$0.lowercased()] == 1 && !names[index].lowercased().contains($0.lowercased())
          }.prefix(3)),
        keywords: keywords[index], codePoint: kept.codePoint, group: kept.entry.group,
        subgroup: kept.entry.subgroup)
    }
    glyphs = kept.map(\.glyph)
  }
}
