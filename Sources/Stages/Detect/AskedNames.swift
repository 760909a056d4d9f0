import Datasets
import Labelling
import Pipeline
import Student
import Support
import Teacher
import Tensors

/// What a user asks of regions, with the text embeddings of all its names.
struct AskedNames {
  let vocabulary: Vocabulary
  let categories: AskedCategories
  /// Of the categories, as they were embedded.
  let names: TextEmbeddings
  /// Of what they lie below; nil for a plain list.
  let parents: TextEmbeddings?
  /// nil where none are asked for.
  let attributes: TextEmbeddings?

  /// - Parameters:
  ///   - attributes: none where none are asked for.
  ///   - split: says how much an ensemble's text head decides about a name.
  ///   - embeddings: of names, as `TeacherStage` gives them.
  init(
    _ vocabulary: Vocabulary, attributes: [CategoryName], split: CategorySplit,
    by embeddings: ([CategoryName]) throws -> TextEmbeddings
  ) throws {
    let parentNames = vocabulary.parents.map(\.name)
    names = try embeddings(vocabulary.categories)
    parents = try parentNames.isEmpty ? nil : embeddings(parentNames)
    self.attributes = try attributes.isEmpty ? nil : embeddings(attributes)
    self.vocabulary = vocabulary
    categories = AskedCategories(
      names: vocabulary.names, embeddings: names.embeddings,
      textShares: split.textShares(of: vocabulary.names),
      parents: parents.map {
        .init(
          names: parentNames.map(\.name), embeddings: $0.embeddings,
          textShares: split.textShares(of: parentNames.map(\.name)),
          children: vocabulary.parents.map(\.children))
      },
      attributes: self.attributes.map {
        .init(names: attributes.map(\.name), embeddings: $0.embeddings)
      })
  }
}

extension Chain {
  /// The categories that a user names, or else those of the pipeline's split; says how many names it
  /// understood. The pipeline's words stand for a name that is given without synonyms.
  func vocabulary(_ classes: String?, for stage: String) throws(InputError) -> Vocabulary {
    let vocabulary: Vocabulary
    let source: String?
    if let classes {
      let given = try GivenNames(classes)
      if let note = given.note { report.warn(stage, note) }
      func worded(_ name: CategoryName) -> CategoryName {
        name.synonyms.isEmpty ? run.configuration.data.worded(name) : name
      }
      vocabulary = Vocabulary(
        given.vocabulary.categories.map(worded),
        parents: given.vocabulary.parents.map { .init(worded($0.name), children: $0.children) })
      source = given.file
    } else {
      let images = try train()
      vocabulary = Vocabulary(images.words(for: images.split.base + images.split.novel))
      source = "the pipeline"
    }
    report.say(stage, GivenNames.summary(of: vocabulary, from: source))
    for parent in vocabulary.parents where parent.children.count == 1 {
      let child = vocabulary.names[parent.children.lowerBound]
      report.warn(
        stage,
        "'\(child)' is alone below '\(parent.name.name)': each \(parent.name.name) is called so")
    }
    return vocabulary
  }

  /// The attributes that a user names; none where none are given.
  ///
  /// - Throws: `InputError`, also for one alone.
  func attributes(_ given: String?, for stage: String) throws(InputError) -> [CategoryName] {
    guard let given else { return [] }
    let names = try GivenNames(given, of: .attributes)
    if let note = names.note { report.warn(stage, note) }
    guard names.vocabulary.categories.count > 1 else {
      throw InputError(
        .badData, "one attribute alone says nothing: everything would have it",
        at: names.file ?? "the list of attributes '\(given.prefix(60))'",
        expected: "two or more, of which each object has the likeliest",
        got: "'\(names.vocabulary.names[0])'")
    }
    report.say(
      stage, "attributes: \(GivenNames.summary(of: names.vocabulary, from: names.file))")
    return names.vocabulary.categories
  }
}
