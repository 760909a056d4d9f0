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
  ///   - classes: names between semicolons, or a file of names, the parents of which are embedded before
  ///     them; nil means the base and novel categories of the pipeline's split.
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
    let vocabulary = try chain.vocabulary(classes, for: "teacher")
    let categories = vocabulary.parents.map(\.name) + vocabulary.categories
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
