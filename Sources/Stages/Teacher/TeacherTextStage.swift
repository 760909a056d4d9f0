import Datasets
import Foundation
import Pipeline
import Support
import Teacher

/// Writes the text embeddings of category names as a file of their own.
public struct TeacherTextStage {
  private let chain: Chain
  private let classes: String?
  private let output: String

  /// - Parameters:
  ///   - classes: names between semicolons, or a file of names; nil means the base and novel
  ///     categories of the pipeline's split.
  ///   - output: the safetensors file.
  public init(_ chain: Chain, classes: String?, output: String) {
    self.chain = chain
    self.classes = classes
    self.output = output
  }

  /// Encodes the names that are new to the teacher, writes the file, and names categories that are
  /// hard to tell apart.
  ///
  /// - Throws: `InputError` for names that cannot be used, or a file that cannot be written.
  public func execute() throws {
    let categories = try chain.categories(classes, for: "teacher")
    let text = try chain.teacher().embeddings(of: categories)
    try text.write(to: output)
    chain.report.warn(of: text.nearDuplicates(), "teacher")
    try StandardOutput.print(
      "\(output): \(categories.count.counted("category")), \(text.width) numbers each, "
        + "\(text.templates)")
  }
}

extension Console {
  /// Says which names are hard to tell apart.
  func warn(of pairs: [TextEmbeddings.NearDuplicate], _ stage: String) {
    for pair in pairs {
      say(
        stage,
        String(
          format: "'%@' and '%@' are hard to tell apart, their cosine is %.3f",
          pair.first.name, pair.second.name, pair.cosine))
    }
  }
}

extension Chain {
  /// The categories that a user names, or else those of the pipeline's split; says how many names it
  /// understood. The pipeline's words stand for a name that is given without synonyms.
  func categories(
    _ classes: String?, for stage: String
  ) throws(InputError) -> [CategoryName] {
    let categories: [CategoryName]
    var source: String? = "the pipeline"
    if let classes {
      let given = try GivenNames(classes)
      if let note = given.note { report.warn(stage, note) }
      source = given.file
      categories = given.vocabulary.categories.map {
        $0.synonyms.isEmpty ? run.configuration.data.worded($0) : $0
      }
    } else {
      let images = try train()
      categories = images.words(for: images.split.base + images.split.novel)
    }
    report.say(stage, GivenNames.summary(of: categories.map(\.name), from: source))
    return categories
  }
}
