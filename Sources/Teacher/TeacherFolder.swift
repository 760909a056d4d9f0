import Foundation
public import Support
public import Tensors

/// A teacher's folder, opened far enough to know whose weights it holds.
public struct TeacherFolder: Sendable {
  /// The teachers that are understood, by their names in a pipeline file and in a cache's recipe.
  public enum Family: String, Codable, Hashable, Sendable, CaseIterable {
    /// Hugging Face's folder of a CLIP model, in transformers' or open_clip's form.
    case clip
    /// Hugging Face's folder of an ALIGN model.
    case align
    /// A classifier and a sentence encoder, as `ConSETeacher.fileNames` has it.
    case conse
    /// Hugging Face's folder of a SigLIP model, or of SigLIP 2 of a fixed resolution.
    case siglip

    /// What is known of it.
    var type: any TeacherFamily.Type {
      switch self {
      case .clip: CLIPFamily.self
      case .align: ALIGNFamily.self
      case .conse: ConSEFamily.self
      case .siglip: SigLIPFamily.self
      }
    }

    /// The name of the sentences that category names are put into unless the user asks otherwise.
    public var prompts: String { type.prompts }
  }

  /// Whose weights it holds.
  public let family: Family
  private let content: any TeacherFamily

  /// Of the folder.
  public var path: String { content.folder }

  /// Finds out the family: by `model_type` in config.json, or by a family's own files.
  ///
  /// - Parameter expected: what the user said it is; nil takes what is there.
  /// - Throws: `InputError` for a folder of no known family, or of another than expected.
  public init(path: String, expecting expected: Family? = nil) throws(InputError) {
    family = try Self.family(of: path)
    content = family.type.init(folder: path)
    if let expected, family != expected {
      throw InputError(
        .badData, "a teacher of another family", at: path, expected: expected.rawValue,
        got: family.rawValue)
    }
  }

  private struct Header: Decodable {
    var model_type: String?
  }

  private static func family(of path: String) throws(InputError) -> Family {
    let families = Family.allCases
    // A ConSE teacher's files say more than a configuration that lies beside them.
    if let family = families.last(where: { $0.type.hasOwnFiles(path) }) { return family }
    let file = "\(path)/config.json"
    guard Files.exists(file) else {
      // What OpenAI publishes is such a file, and says so itself.
      if let file = pyTorchFile(at: path) { _ = try Weights(path: file) }
      let isFile = Files.exists(path) && !Files.isFolder(path)
      throw InputError(
        .missingInput,
        isFile
          ? "a file, not a teacher's folder"
          : Files.exists(path) ? "no teacher in the folder" : "no such folder",
        at: path,
        expected: families.map { "\($0.type.title): \($0.type.layout)" }.joined(separator: "; "))
    }
    guard let header = try? JSONDecoder().decode(Header.self, from: try Files.read(file)) else {
      throw InputError(.badData, "not a model's config.json", at: file, expected: "a JSON object")
    }
    if let type = header.model_type,
      let family = families.first(where: { $0.type.modelTypes.contains(type) })
    {
      return family
    }
    let types = families.compactMap { $0.type.modelTypes.first }
    let titles = families.map { $0.type.title }
    throw InputError(
      .badData, "an unsupported model", at: file,
      expected: "model_type \(types.alternatives("or"))", got: header.model_type ?? "none",
      hint: "supported: \(titles.alternatives("and"))")
  }

  /// A file of PyTorch in the place of the folder, or in it.
  private static func pyTorchFile(at path: String) -> String? {
    if !Files.isFolder(path) { return path.hasSuffix(".pt") && Files.exists(path) ? path : nil }
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    return names.sorted().first { $0.hasSuffix(".pt") }.map { "\(path)/\($0)" }
  }

  /// The files that the embeddings depend on: settings, vocabularies, weights.
  ///
  /// - Throws: `InputError` for weights that are missing or unreadable.
  public func files() throws(InputError) -> [String] { try content.files() }

  /// What is assumed of images because the folder does not say it, in a line; nil where it does.
  public var assumption: String? { content.assumption }

  /// - Throws: `InputError` (`configuration`) where the family, this build or this processor does
  ///   not have the precision.
  public func requireAvailable(_ precision: Precision) throws(InputError) {
    try content.requireAvailable(precision)
  }

  /// Loads the teacher.
  ///
  /// - Parameters:
  ///   - precision: of the image tower's products.
  ///   - fit: how crops that are not square are treated.
  ///   - classText: gives the ConSE teacher unit embeddings of the classes it knows; made anew, which
  ///     takes seconds, where it is nil.
  /// - Throws: `InputError` naming a file that is missing, damaged or does not go with the others,
  ///   or for a precision this build, processor or family does not have; what `classText` throws.
  public func load(
    precision: Precision = .float32, fit: Preprocessing.Fit = .squash,
    classText: ConSETeacher.ClassText? = nil
  ) throws -> any Teacher {
    try requireAvailable(precision)
    return try content.load(precision: precision, fit: fit, classText: classText)
  }

  /// What the folder holds; a missing tokenizer is only noted.
  func anatomy(precision: Precision) throws -> TeacherAnatomy {
    try content.anatomy(precision: precision)
  }

  /// The opened files of weights.
  ///
  /// - Throws: `InputError` for weights that are missing or unreadable.
  func weights() throws(InputError) -> [Weights] { try content.weights() }
}

extension [String] {
  /// "a, b or c".
  fileprivate func alternatives(_ word: String) -> String {
    count < 2 ? joined() : "\(dropLast().joined(separator: ", ")) \(word) \(self[count - 1])"
  }
}
