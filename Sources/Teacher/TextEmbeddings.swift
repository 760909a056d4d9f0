public import Datasets
import Foundation
public import Support
public import Tensors

/// Category names in a teacher's embedding space: an open-vocabulary classifier's weights.
///
/// Kept as a safetensors file that other programs can read: the tensor `embeddings` [C, D] in
/// float32, unit rows, and as text `categories` (JSON: a list of {name, synonyms} in the rows'
/// order, and {words} where others than these were embedded), `templates` (JSON) and `teacher`. Its
/// checksums tell whether it is what was written.
public struct TextEmbeddings: Sendable {
  /// C categories.
  public let categories: [CategoryName]
  /// [C, D], unit rows.
  public let embeddings: Tensor
  /// What the names were put into.
  public let templates: PromptTemplates
  /// The fingerprint of the teacher.
  public let teacher: String

  /// - Parameters:
  ///   - embeddings: [C, D], unit rows, one a category.
  ///   - teacher: its fingerprint, one for each set of weights.
  public init(
    categories: [CategoryName], embeddings: Tensor, templates: PromptTemplates, teacher: String
  ) {
    precondition(embeddings.shape.count == 2 && embeddings.shape[0] == categories.count)
    self.categories = categories
    self.embeddings = embeddings
    self.templates = templates
    self.teacher = teacher
  }

  /// D
  public var width: Int { embeddings.shape[1] }

  /// Reads a file that `write` made.
  ///
  /// - Throws: `InputError` (`missingInput`, `badData`) that names the file.
  public init(path: String) throws(InputError) {
    let hint = "remove the file; it is made again when it is needed"
    let file = try SafeTensorsFile(own: path, remedy: hint)
    func damaged(_ what: String) -> InputError {
      InputError(
        .badData, what, at: path, expected: "text embeddings as this program writes them",
        hint: hint)
    }
    func decode<Value: Decodable>(_ key: String, as: Value.Type) throws(InputError) -> Value {
      guard let text = file.metadata[key] else { throw damaged("no text '\(key)' in the header") }
      guard let value = try? JSONDecoder().decode(Value.self, from: Data(text.utf8)) else {
        throw damaged("the text '\(key)' in the header is damaged")
      }
      return value
    }
    guard let teacher = file.metadata["teacher"] else { throw damaged("no teacher in the header") }
    let categories = try decode("categories", as: [CategoryName].self)
    let templates = try decode("templates", as: PromptTemplates.self)
    if let category = categories.first(where: { $0.words?.isEmpty == true }) {
      throw damaged("no words stand for '\(category.name)'")
    }
    let embeddings: Tensor
    do throws(InputError) {
      embeddings = try file.tensor("embeddings")
    } catch {
      var error = error
      error.hint = hint
      throw error
    }
    guard embeddings.shape.count == 2, embeddings.shape[0] == categories.count else {
      throw damaged("\(categories.count) names and embeddings of shape \(embeddings.shape)")
    }
    if let (row, _) = embeddings.rowThatIsNoUnit() {
      throw damaged("the embedding of '\(categories[row].name)' is not a unit vector")
    }
    self.init(
      categories: categories, embeddings: embeddings, templates: templates, teacher: teacher)
  }

  /// Writes the file whole or not at all.
  ///
  /// - Throws: `InputError` as `Files.write`.
  public func write(to path: String) throws(InputError) {
    try SafeTensorsFile.write(
      [("embeddings", embeddings)],
      metadata: [
        "categories": Self.json(categories), "templates": Self.json(templates),
        "teacher": teacher,
      ], to: path)
  }

  /// The same text for the same value, in every process.
  static func json(_ value: some Encodable) -> String {
    guard let data = try? JSONDocument.line(value) else {
      preconditionFailure("names and templates have a JSON form")
    }
    return String(decoding: data, as: UTF8.self)
  }
}
