import Foundation
import Pretraining
import Support
import Teacher
import TestSupport
import Testing

@Suite struct BytePairVocabularyTests {
  private typealias Pair = BytePairVocabulary.Pair

  /// Sennrich's example: "low" 5, "lower" 2, "newest" 6, "widest" 3. "e s" and "s t</w>" stand in 9
  /// places each; "e s" comes first in order.
  @Test func mergesByHand() {
    let vocabulary = BytePairVocabulary(
      learningFrom: ["low": 5, "lower": 2, "newest": 6, "Widest": 3], limit: 5)
    #expect(
      vocabulary.merges == [
        Pair("e", "s"), Pair("es", "t</w>"), Pair("l", "o"), Pair("e", "w"), Pair("ew", "est</w>"),
      ])
    #expect(vocabulary.tokens.count == 512 + 5 + 2)
    #expect(vocabulary.tokens.suffix(3) == ["ewest</w>", "<|startoftext|>", "<|endoftext|>"])
  }

  @Test func rarePairsAndNothingAreLeftAlone() {
    #expect(BytePairVocabulary(learningFrom: ["ab": 1, "cd": 1], limit: 9).merges.isEmpty)
    #expect(BytePairVocabulary(learningFrom: [:], limit: 9).merges.isEmpty)
    #expect(BytePairVocabulary(learningFrom: ["": 3, " ": 3, "a": 3], limit: 9).merges.isEmpty)
    #expect(BytePairVocabulary(learningFrom: ["ab": 2], limit: 0).merges.isEmpty)
  }

  /// Overlapping pairs are joined from the left, and count as they are joined.
  @Test func aaaaa() {
    let vocabulary = BytePairVocabulary(learningFrom: ["aaaaa": 2], limit: 9)
    #expect(vocabulary.merges == [Pair("a", "a"), Pair("aa", "a</w>"), Pair("aa", "aaa</w>")])
  }

  /// The incremental counts are those of counting everything anew.
  @Test func mergesAreThoseOfTheNaiveAlgorithm() {
    var generator = SeededGenerator(seed: 3)
    var texts: [String: Int] = [:]
    for _ in 0..<60 {
      let length = Int.random(in: 1...7, using: &generator)
      let word = String((0..<length).map { _ in "abc".randomElement(using: &generator)! })
      texts[word, default: 0] += Int.random(in: 1...3, using: &generator)
    }
    let found = BytePairVocabulary(learningFrom: texts, limit: 60).merges
    var words: [(tokens: [String], count: Int)] = texts.map { text, count in
      let letters = text.map { String($0) }
      return (Array(letters.dropLast()) + ["\(letters.last!)</w>"], count)
    }
    var expected: [Pair] = []
    while expected.count < 60 {
      var counts: [Pair: Int] = [:]
      for word in words {
        for (a, b) in zip(word.tokens, word.tokens.dropFirst()) {
          counts[Pair(a, b), default: 0] += word.count
        }
      }
      let best = counts.filter { $0.value > 1 }.min { a, b in
        if a.value != b.value { return a.value > b.value }
        return (a.key.left, a.key.right) < (b.key.left, b.key.right)
      }
      guard let pair = best?.key else { break }
      expected.append(pair)
      for number in words.indices {
        var tokens: [String] = []
        for token in words[number].tokens {
          if tokens.last == pair.left && token == pair.right {
            tokens[tokens.count - 1] = "\(pair.left)\(pair.right)\u{0}"
          } else {
            tokens.append(token)
          }
        }
        words[number].tokens = tokens.map { $0.replacing("\u{0}", with: "") }
      }
    }
    #expect(found == expected)
  }

  @Test func tokenizersReadTheFiles() throws {
    try withTemporaryFolder { folder in
      let vocabulary = BytePairVocabulary(
        learningFrom: ["a photo of a guide dog": 5, "guide dogs, crème brûlée": 3], limit: 40)
      try vocabulary.write(folder: folder)
      let tokenizer = try #require(try BytePairTokenizer.load(folder: folder))
      let tokens = vocabulary.tokens
      #expect(tokenizer.count == tokens.count)
      func pieces(_ text: String) -> [String] { tokenizer.encode(text).map { tokens[$0] } }
      #expect(
        pieces("a Photo of a guide dog") == [
          "<|startoftext|>", "a</w>", "photo</w>", "of</w>", "a</w>", "guide</w>", "dog</w>",
          "<|endoftext|>",
        ])
      // Every text comes back, whatever it is made of.
      for text in ["brûlée 中文 🦮", "\"quoted\" \\ it's", "a\u{1F468}"] {
        let joined: String = pieces(text).dropFirst().dropLast().joined()
        let letters: String = joined.replacing("</w>", with: "")
        let bytes: [UInt8] = letters.unicodeScalars.map { letter in
          UInt8(BytePairTokenizer.letters.firstIndex(of: letter)!)
        }
        let expected = text.lowercased().replacing(" ", with: "")
        #expect(String(decoding: bytes, as: UTF8.self) == expected)
      }
      let lines = try String(decoding: Files.read("\(folder)/merges.txt"), as: UTF8.self)
      #expect(lines.hasPrefix("#version: 0.2\n") && lines.hasSuffix("\n"))
    }
  }
}
