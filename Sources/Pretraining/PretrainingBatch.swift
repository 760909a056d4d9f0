import Support

/// What one step shows: it follows from the seed and the step alone.
package struct PretrainingBatch: Sendable {
  /// Of each crop.
  package let categories: [Int]
  /// Of each crop.
  package let seeds: [UInt64]
  /// Of the crops, see `CropSource`.
  package let variety: Double
  /// Of each crop's text.
  package let tokens: [[Int]]
  /// Whether a crop fits another's text: the same category, or the same word.
  package let matches: [[Bool]]

  package init(
    categories: [Int], seeds: [UInt64], variety: Double = 1, tokens: [[Int]], matches: [[Bool]]
  ) {
    (self.categories, self.seeds, self.variety) = (categories, seeds, variety)
    (self.tokens, self.matches) = (tokens, matches)
  }

  /// Categories come in shuffled passes; those of a step differ, as long as there are enough.
  package init(
    step: Int, categories count: Int, configuration: PretrainingConfiguration,
    texts: PretrainingTexts
  ) {
    let size = configuration.cropsPerStep
    let stepsOfAPass = max(1, count / size)
    let (pass, place) = step.quotientAndRemainder(dividingBy: stepsOfAPass)
    var shuffling = SeededGenerator(seed: configuration.seed, stream: UInt64(2 * pass))
    let order = Array(0..<count).shuffled(using: &shuffling)
    var generator = SeededGenerator(seed: configuration.seed, stream: UInt64(2 * step + 1))
    let categories = (0..<size).map { order[(place * size + $0) % count] }
    self.categories = categories
    seeds = categories.map { _ in generator.next() }
    variety = configuration.variety(at: step)
    let chosen = texts.texts(for: categories, using: &generator)
    tokens = chosen.map(\.tokens)
    matches = (0..<size).map { i in
      (0..<size).map { j in
        categories[i] == categories[j] || chosen[i].word == chosen[j].word
      }
    }
  }
}
