import Foundation
public import Support
import Teacher

/// A byte-pair vocabulary learned from texts (Sennrich et al., 2016) with CLIP's words, byte
/// alphabet and end-of-word mark.
public struct BytePairVocabulary: Sendable, Equatable {
  /// Pairs to join, in their order.
  public let merges: [Pair]

  public struct Pair: Hashable, Sendable {
    public let left, right: String

    public init(_ left: String, _ right: String) { (self.left, self.right) = (left, right) }
  }

  /// Joins the most frequent pair, over and over; of equally frequent ones the first in the order of
  /// their texts. Pairs that stand in one place only are left alone.
  ///
  /// - Parameters:
  ///   - texts: how often each text counts.
  ///   - limit: the most merges.
  public init(learningFrom texts: [String: Int], limit: Int) {
    var learner = BytePairLearner()
    for (text, count) in texts.sorted(by: { $0.key < $1.key }) {
      BytePairTokenizer.forEachWord(of: BytePairTokenizer.cleaned(text)) { word in
        if case .bytes(let bytes) = word { learner.add(bytes, count) }
      }
    }
    var merges: [Pair] = []
    while merges.count < limit, let pair = learner.join() { merges.append(pair) }
    self.merges = merges
  }

  /// Every token's text in the order of the ids: letters, letters at the end of a word, what merges
  /// make, start and end of a text.
  public var tokens: [String] {
    let letters = BytePairTokenizer.lettersInOrder.map(String.init)
    var tokens = letters + letters.map { $0 + BytePairTokenizer.wordEnd }
    var known = Set(tokens)
    // Two pairs may make one token.
    for text in merges.map({ $0.left + $0.right }) where known.insert(text).inserted {
      tokens.append(text)
    }
    return tokens + [BytePairTokenizer.startOfText, BytePairTokenizer.endOfText]
  }

  /// Writes `vocab.json` and `merges.txt` as published beside CLIP's models.
  ///
  /// - Throws: `InputError` as `Files.write`.
  public func write(folder: String) throws(InputError) {
    let ids = JSONText.object(tokens.enumerated().map { ($1, .number($0)) })
    try Files.write(Data(ids.description.utf8), to: "\(folder)/vocab.json")
    let lines = ["#version: 0.2"] + merges.map { "\($0.left) \($0.right)" }
    try Files.write(
      Data((lines.joined(separator: "\n") + "\n").utf8), to: "\(folder)/merges.txt")
  }
}
