import Foundation
package import Support
package import Teacher

/// The texts that go with crops: a word for the category in one of many sentences.
package struct PretrainingTexts: Sendable {
  private let categories: [CropCategory]
  /// All words of a category, in lower case.
  private let words: [Set<String>]
  private let configuration: PretrainingConfiguration
  private let tokenizer: BytePairTokenizer

  /// The paper's sentences, with which names are embedded later, and some shorter ones.
  static let templates: [PromptTemplates] =
    PromptTemplates.vild.templates.map { template($0, thisIs: true) }
    + [
      "{}", "{}", "{}", "{}", "{article} {}", "the {}", "a picture of {article} {}",
      "an image of {article} {}", "an icon of {article} {}", "an emoji of {article} {}",
      "a drawing of {article} {}", "a small {}", "a large {}", "this is {article} {}", "one {}",
      "a sticker of {article} {}",
    ].map { template($0) }

  private static func template(_ text: String, thisIs: Bool = false) -> PromptTemplates {
    do throws(InputError) {
      return try PromptTemplates([text], cleanUp: .release, thisIs: thisIs)
    } catch {
      preconditionFailure("\(error)")
    }
  }

  /// - Throws: `InputError` naming a category whose name alone is too long for the text tower.
  package init(
    _ categories: [CropCategory], _ configuration: PretrainingConfiguration,
    _ tokenizer: BytePairTokenizer
  ) throws(InputError) {
    for category in categories {
      let count = tokenizer.encode(category.name).count
      guard count <= configuration.context else {
        throw InputError(
          .badData, "category '\(category.name.prefix(60))' is too long for the text tower",
          expected: "at most \(configuration.context) tokens", got: "\(count)")
      }
    }
    self.categories = categories
    self.configuration = configuration
    self.tokenizer = tokenizer
    words = categories.map {
      Set(([$0.name] + $0.synonyms + $0.keywords).map { $0.lowercased() })
    }
  }

  /// The texts that a vocabulary is learned from: each sentence counts as often as all words.
  package static func corpus(_ categories: [CropCategory]) -> [String: Int] {
    var corpus: [String: Int] = [:]
    for category in categories {
      for word in [category.name] + category.synonyms + category.keywords {
        corpus[word, default: 0] += 1
      }
    }
    for template in templates {
      for text in template.prompts(for: "") { corpus[text, default: 0] += categories.count }
    }
    return corpus
  }

  /// One text for each of a step's crops.
  ///
  /// A keyword stands for a category only where no other of the step has that word.
  /// - Returns: the word, and the tokens of the sentence, at most the context.
  func texts(
    for chosen: [Int], using generator: inout SeededGenerator
  ) -> [(word: String, tokens: [Int])] {
    var owners: [String: Int] = [:]
    for category in Set(chosen) { for word in words[category] { owners[word, default: 0] += 1 } }
    return chosen.map { category in
      let word = self.word(for: category, owners, using: &generator)
      let template = Self.templates.randomElement(using: &generator)!
      let tokens = tokenizer.encode(template.prompts(for: word)[0])
      if tokens.count <= configuration.context { return (word, tokens) }
      let short = tokenizer.encode(word)
      return short.count <= configuration.context
        ? (word, short) : (categories[category].name, tokenizer.encode(categories[category].name))
    }
  }

  private func word(
    for category: Int, _ owners: [String: Int], using generator: inout SeededGenerator
  ) -> String {
    let names = categories[category]
    let (chance, choice) = (generator.nextUniform(), generator.next())
    func pick(_ words: [String]) -> String? {
      words.isEmpty ? nil : words[Int(choice % UInt64(words.count))]
    }
    if chance < configuration.synonymShare { return pick(names.synonyms) ?? names.name }
    if chance < configuration.synonymShare + configuration.keywordShare,
      let word = pick(names.keywords), owners[word.lowercased()] == 1
    {
      return word
    }
    return names.name
  }
}
