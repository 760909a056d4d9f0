import Foundation

/// Which article a category's name takes.
public enum Article: String, Hashable, Sendable, Codable, CaseIterable {
  /// ViLD's: "an" before a name whose first character is one of a, e, i, o, u, otherwise "a". Wrong
  /// for capitals, "hour" and "unicorn", and kept so for results that are to be compared.
  case release
  /// By the sound of the first word, as far as its letters tell it.
  case english

  /// "a" or "an", for a name as the data set spells it.
  public func callAsFunction(_ name: String) -> String {
    switch self {
    case .release: name.unicodeScalars.first.map(Self.vowels.contains) == true ? "an" : "a"
    case .english: Self.soundsLikeAVowel(name) ? "an" : "a"
    }
  }

  private static let vowels = "aeiou".unicodeScalars

  /// Rules for the first run of letters, the first that applies:
  /// 1. A single letter ("X-ray", "t-shirt") or two and more capitals ("SUV", "UFO") are spelt: a
  ///    vowel sound is in the names of A, E, F, H, I, L, M, N, O, R, S and X.
  /// 2. A silent h: words that begin with heir, honest, honor, honour or hour.
  /// 3. "One" and what sounds like "you": words that begin with one, once, eu, ewe, ufo, uk, uni
  ///    (but not unid, unim or unin), ura, uri, use, usu or ute.
  /// 4. The first letter is a, e, i, o or u, with or without an accent.
  private static func soundsLikeAVowel(_ name: String) -> Bool {
    let letters = name.drop { !$0.isLetter && !$0.isNumber }.prefix(while: \.isLetter)
    let word = letters.lowercased()
    func begins(_ beginnings: [String]) -> Bool { beginnings.contains(where: word.hasPrefix) }
    guard let first = word.decomposedStringWithCanonicalMapping.unicodeScalars.first else {
      return false
    }
    if letters.count == 1 || letters.allSatisfy(\.isUppercase) {
      return "aefhilmnorsx".unicodeScalars.contains(first)
    }
    if begins(["heir", "honest", "honor", "honour", "hour"]) { return true }
    if begins(["unid", "unim", "unin"]) { return true }
    let you = ["eu", "ewe", "ufo", "uk", "uni", "ura", "uri", "use", "usu", "ute"]
    if begins(["one", "once"] + you) { return false }
    return vowels.contains(first)
  }
}
