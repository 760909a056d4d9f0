import Foundation
import Support
public import Tensors

/// The file beside a graph that says which names its categories are, and what to put in for them: JSON,
/// which every language reads without a library of ours.
///
/// `schemas/exports.md` describes it.
public struct ExportedVocabulary: Encodable, Sendable {
  /// C names, in the order of the graph's categories.
  public let names: [String]
  /// [C, D] unit rows; nil for a closed vocabulary.
  let embeddings: [[Float]]?
  /// [C] in 0...1; nil but for an ensemble.
  let textShares: [Float]?
  /// What the names were put into; nil for a closed vocabulary.
  let templates: [String]?
  /// The fingerprint of the teacher whose embeddings they are.
  let teacher: String

  /// An open vocabulary.
  ///
  /// - Parameters:
  ///   - embeddings: [C, D] unit rows.
  ///   - textShares: [C]; nil but for an ensemble.
  ///   - templates: sentences in which `{}` stands for a name.
  ///   - teacher: its fingerprint.
  public init(
    names: [String], embeddings: Tensor, textShares: [Float]?, templates: [String], teacher: String
  ) {
    precondition(embeddings.shape[0] == names.count, "one embedding a name")
    let (values, width) = (embeddings.array, embeddings.shape[1])
    self.names = names
    self.embeddings = names.indices.map { Array(values[$0 * width..<($0 + 1) * width]) }
    (self.textShares, self.templates, self.teacher) = (textShares, templates, teacher)
  }

  /// A closed vocabulary.
  ///
  /// - Parameter teacher: the fingerprint that the student's file has.
  public init(names: [String], teacher: String) {
    (self.names, self.teacher) = (names, teacher)
    (embeddings, textShares, templates) = (nil, nil, nil)
  }

  private enum CodingKeys: String, CodingKey {
    case names, embeddings, templates, teacher
    case textShares = "text_shares"
  }

  /// Writes the file whole or not at all.
  ///
  /// - Throws: `InputError` as `Files.write`.
  public func write(to path: String) throws {
    try Files.write(JSONDocument.line(self), to: path)
  }
}
