import Foundation
public import Support

extension BytePairTokenizer {
  /// The single file of OpenAI's release.
  public static let mergesFileName = "bpe_simple_vocab_16e6.txt.gz"

  /// The files a folder's tokenizer can be in, as a user should read it.
  static let fileNames = "vocab.json and merges.txt, \(mergesFileName), or tokenizer.json"

  /// The tokenizer of a teacher's folder: `vocab.json` with `merges.txt`, the single gzipped file,
  /// or `tokenizer.json`, the first that is there; nil when none is.
  ///
  /// - Throws: `InputError` naming a file that is damaged, or one half of a pair that is missing.
  public static func load(folder: String) throws(InputError) -> BytePairTokenizer? {
    let (vocabulary, merges) = ("\(folder)/vocab.json", "\(folder)/merges.txt")
    let single = "\(folder)/\(mergesFileName)"
    let description = "\(folder)/tokenizer.json"
    switch (Files.exists(vocabulary), Files.exists(merges), Files.exists(single)) {
    case (true, true, _): return try BytePairTokenizer(vocabulary: vocabulary, merges: merges)
    case (_, _, true): return try BytePairTokenizer(gzippedMerges: single)
    case _ where Files.exists(description): return try BytePairTokenizer(description: description)
    case (false, false, false): return nil
    case (true, false, false), (false, true, false):
      throw InputError(
        .missingInput, "half of the tokenizer is missing", at: folder, expected: fileNames,
        got: Files.exists(vocabulary) ? "vocab.json" : "merges.txt")
    }
  }

  /// Reads Hugging Face's pair of files: ids as JSON, and a pair to join a line.
  ///
  /// - Throws: `InputError` naming the file that cannot be read or does not belong to CLIP.
  public init(vocabulary: String, merges: String) throws(InputError) {
    let data = try Files.read(vocabulary)
    guard let ids = try? JSONDecoder().decode([String: Int].self, from: data) else {
      throw InputError(
        .badData, "not a vocabulary", at: vocabulary, expected: "a JSON object of ids")
    }
    try self.init(
      ids: ids, pairs: try Self.pairs(try Files.read(merges), at: merges), place: vocabulary)
  }

  /// Reads the single gzipped file: pairs to join, from which the ids follow.
  ///
  /// - Throws: `InputError` for a file that is cut short, damaged or something else.
  public init(gzippedMerges path: String) throws(InputError) {
    // The file has 262,144, of which CLIP uses so many.
    let pairs = try Self.pairs(try Gzip.read(path), at: path, most: 49152 - 256 - 2)
    let letters = Self.lettersInOrder.map(String.init)
    var tokens = letters + letters.map { $0 + Self.wordEnd }
    tokens += pairs.map { "\($0)\($1)" } + [Self.startOfText, Self.endOfText]
    try self.init(
      ids: Dictionary(zip(tokens, 0...), uniquingKeysWith: { first, _ in first }),
      pairs: pairs, place: path)
  }

  /// The lines "left right" after the first, which tells the version.
  private static func pairs(
    _ data: Data, at path: String, most: Int = .max
  ) throws(InputError) -> [(Substring, Substring)] {
    var pairs: [(Substring, Substring)] = []
    let lines = data.split(separator: 0x0A, omittingEmptySubsequences: false)
    for (number, line) in lines.enumerated() where number > 0 && !line.isEmpty {
      if pairs.count == most { break }
      let text = String(bytes: line.last == 0x0D ? line.dropLast() : line, encoding: .utf8) ?? ""
      let parts = text.utf8.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
      guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
        throw InputError(
          .badData, "not a byte pair", at: "\(path):\(number + 1)",
          expected: "two tokens and a space between", got: "'\(text.prefix(40))'")
      }
      pairs.append((Substring(parts[0]), Substring(parts[1])))
    }
    return pairs
  }
}
