import Teacher

/// Words as lists of tokens, and how often each pair of neighbours stands in them.
struct BytePairLearner {
  private struct Pair: Hashable {
    var left, right: Int
  }

  private struct Word {
    var tokens: [Int]
    var count: Int
  }

  /// Texts of the tokens.
  private var texts: [String] = []
  private var numbers: [String: Int] = [:]
  private var words: [Word] = []
  private var places: [[UInt8]: Int] = [:]
  private var counts: [Pair: Int] = [:]
  /// Words that have the pair, or once had it.
  private var homes: [Pair: Set<Int>] = [:]

  /// Counts a word, given as UTF-8, some more times.
  mutating func add(_ bytes: [UInt8], _ count: Int) {
    guard !bytes.isEmpty else { return }
    if let place = places[bytes] {
      countPairs(of: place, times: -1)
      words[place].count += count
      return countPairs(of: place, times: 1)
    }
    var letters = bytes.map { String(BytePairTokenizer.letters[Int($0)]) }
    letters[letters.count - 1] += BytePairTokenizer.wordEnd
    places[bytes] = words.count
    words.append(Word(tokens: letters.map { number(of: $0) }, count: count))
    countPairs(of: words.count - 1, times: 1)
  }

  /// Joins the pair that counts most; nil when none counts more than once.
  mutating func join() -> BytePairVocabulary.Pair? {
    var best: (pair: Pair, count: Int)?
    for (pair, count) in counts where count > 1 {
      guard let known = best else {
        best = (pair, count)
        continue
      }
      if count > known.count || count == known.count && isBefore(pair, known.pair) {
        best = (pair, count)
      }
    }
    guard let pair = best?.pair else { return nil }
    let (left, right) = (texts[pair.left], texts[pair.right])
    let joined = number(of: left + right)
    for place in homes[pair] ?? [] {
      countPairs(of: place, times: -1)
      words[place].tokens = Self.joined(words[place].tokens, pair, to: joined)
      countPairs(of: place, times: 1)
    }
    homes[pair] = nil
    return BytePairVocabulary.Pair(left, right)
  }

  private func isBefore(_ a: Pair, _ b: Pair) -> Bool {
    (texts[a.left], texts[a.right]) < (texts[b.left], texts[b.right])
  }

  private mutating func number(of text: String) -> Int {
    if let number = numbers[text] { return number }
    numbers[text] = texts.count
    texts.append(text)
    return texts.count - 1
  }

  private mutating func countPairs(of place: Int, times: Int) {
    let word = words[place]
    for (left, right) in zip(word.tokens, word.tokens.dropFirst()) {
      let pair = Pair(left: left, right: right)
      let count = counts[pair, default: 0] + times * word.count
      counts[pair] = count == 0 ? nil : count
      if times > 0 { homes[pair, default: []].insert(place) }
    }
  }

  /// Every such pair from the left, which do not overlap.
  private static func joined(_ tokens: [Int], _ pair: Pair, to token: Int) -> [Int] {
    var result: [Int] = []
    var place = 0
    while place < tokens.count {
      let isPair =
        place + 1 < tokens.count && tokens[place] == pair.left && tokens[place + 1] == pair.right
      result.append(isPair ? token : tokens[place])
      place += isPair ? 2 : 1
    }
    return result
  }
}
