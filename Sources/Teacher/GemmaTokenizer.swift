import Support

/// SigLIP 2's tokenizer: Gemma's byte pairs over a text in lower case, and an end.
///
/// A text is one word, its spaces written as U+2581; characters that the vocabulary has not are spelt
/// in bytes. SigLIP 2 was trained on lower case, whether its `tokenizer.json` says so or not.
struct GemmaTokenizer: SigLIPTokenizing {
  private let merges: BytePairMerges
  private let letters: [Unicode.Scalar: Int32]
  /// The tokens of single bytes.
  private let bytes: [Int32]
  /// Words that are found in a text as it is, and their ids; the longest counts.
  private let added: PrefixTable
  private let end: Int
  /// Of `<pad>`.
  let padding: Int
  let count: Int

  /// - Throws: `InputError` for a description of another tokenizer.
  init(_ description: TokenizerDescription) throws(InputError) {
    let vocabulary = description.vocabulary
    var added: [(bytes: [UInt8], id: Int)] = []
    for token in description.addedTokens {
      // Words with rules of their own would be found elsewhere.
      let rules = [token.normalized, token.lstrip, token.rstrip, token.single_word]
      guard !rules.contains(true), !token.content.isEmpty, 0..<(1 << 24) ~= token.id else {
        throw description.wrong(
          "an added token with rules of its own, '\(token.content.prefix(60))'",
          expected: "tokens that are found in a text as they are")
      }
      added.append((Array(token.content.utf8), token.id))
    }
    let names = Dictionary(added.map { ($0.bytes, $0.id) }, uniquingKeysWith: { first, _ in first })
    func id(_ token: [UInt8]) throws(InputError) -> Int {
      if let id = vocabulary[token] ?? names[token] { return id }
      throw description.wrong(
        "the vocabulary has no token '\(String(decoding: token.prefix(60), as: UTF8.self))'",
        expected: "Gemma's byte pairs", got: "\(vocabulary.count) tokens")
    }
    try Self.check(description)
    bytes = try (UInt8.min...UInt8.max).map { byte throws(InputError) in
      Int32(try id(Array(byte.spelt.utf8)))
    }
    (end, padding) = (try id(Array("<eos>".utf8)), try id(Array("<pad>".utf8)))
    var merges = BytePairMerges(capacity: description.merges.count)
    for (left, right) in description.merges {
      merges.append(
        Int32(try id(left)), Int32(try id(right)), becomes: Int32(try id(left + right)))
    }
    var letters: [Unicode.Scalar: Int32] = [:]
    for (token, id) in vocabulary {
      let scalars = String(decoding: token, as: UTF8.self).unicodeScalars
      if scalars.count == 1, let only = scalars.first { letters[only] = Int32(id) }
    }
    (self.merges, self.letters, self.added) = (merges, letters, PrefixTable(added))
    count = max(vocabulary.values.max() ?? 0, added.map(\.id).max() ?? 0) + 1
  }

  private static func check(_ description: TokenizerDescription) throws(InputError) {
    guard description.spellsBytes, description.affix == nil else {
      throw description.wrong(
        "not Gemma's tokenizer", expected: "model.byte_fallback true, no prefix or suffix",
        got: "\(description.spellsBytes), '\(description.affix ?? "")'")
    }
    for step in description.normalizers where step.type != "Lowercase" {
      guard step.type == "Replace", step.pattern?.String == " ", step.content == "\u{2581}" else {
        throw description.wrong(
          "unusable 'normalizer'", expected: "Lowercase, and Replace of a space by U+2581",
          got: step.type)
      }
    }
    // No space is left to split at.
    for step in description.splits {
      guard step.type == "Split", step.pattern?.String == " " else {
        throw description.wrong(
          "unusable 'pre_tokenizer'", expected: "Split at spaces", got: step.type)
      }
    }
    let template = description.template ?? ["A", "<eos>"]
    guard template == ["A", "<eos>"] else {
      throw description.wrong(
        "unusable 'post_processor.single'", expected: "a text, then <eos>",
        got: template.joined(separator: " "))
    }
  }

  var description: String { "Gemma's byte pairs, \(count) tokens, lower case" }

  func encode(_ text: String) -> [Int] {
    let text = Array(text.utf8)
    var tokens: [Int] = []
    var (start, place) = (0, 0)
    while place < text.count {
      var found: (length: Int, id: Int)?
      added.forEachPrefix(of: text[place...]) { found = ($0, $1) }
      guard let (length, id) = found else {
        place += 1
        continue
      }
      append(text[start..<place], to: &tokens)
      tokens.append(id)
      place += length
      start = place
    }
    append(text[start...], to: &tokens)
    return tokens + [end]
  }

  /// A part of a text without added tokens.
  private func append(_ part: ArraySlice<UInt8>, to tokens: inout [Int]) {
    var parts: [Int32] = []
    for scalar in String(decoding: part, as: UTF8.self).unicodeScalars {
      for lower in scalar.properties.lowercaseMapping.unicodeScalars {
        let letter = lower == " " ? "\u{2581}" : lower
        if let id = letters[letter] {
          parts.append(id)
        } else {
          parts += String(letter).utf8.map { bytes[Int($0)] }
        }
      }
    }
    if !parts.isEmpty { tokens += merges.joined(parts) }
  }
}
