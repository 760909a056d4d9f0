import Foundation
import Networks
public import Support
public import Tensors

/// A teacher's folder, opened far enough to know whose weights it holds.
public struct TeacherFolder: Sendable {
  /// The teachers that are understood.
  public enum Family: String, Codable, Hashable, Sendable, CaseIterable {
    /// Hugging Face's folder of a CLIP model, in transformers' or open_clip's form.
    case clip
    /// Hugging Face's folder of an ALIGN model.
    case align
    /// A classifier and a sentence encoder, as `ConSETeacher.fileNames` has it.
    case conse
  }

  /// Of the folder.
  public let path: String
  /// Whose weights it holds.
  public let family: Family

  /// Finds out the family: by `model_type` in config.json, or by ConSE's own files.
  ///
  /// - Parameter expected: what the user said it is; nil takes what is there.
  /// - Throws: `InputError` for a folder of no known family, or of another than expected.
  public init(path: String, expecting expected: Family? = nil) throws(InputError) {
    self.path = path
    family = try Self.family(of: path)
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
    if Files.exists("\(path)/\(ConSETeacher.fileNames[0])") { return .conse }
    if OpenCLIP.isForm(of: path) { return .clip }
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
        expected:
          "CLIP's or ALIGN's config.json or \(OpenCLIP.configurationFile) and weights, or a "
          + "ConSE teacher's files")
    }
    guard let header = try? JSONDecoder().decode(Header.self, from: try Files.read(file)) else {
      throw InputError(.badData, "not a model's config.json", at: file, expected: "a JSON object")
    }
    switch header.model_type {
    case "clip": return .clip
    case "align": return .align
    default:
      throw InputError(
        .badData, "an unsupported model", at: file, expected: "model_type clip or align",
        got: header.model_type ?? "none",
        hint: "supported: CLIP, ALIGN, and ConSE folders")
    }
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
  public func files() throws(InputError) -> [String] {
    if family == .conse { return ConSETeacher.fileNames.map { "\(path)/\($0)" } }
    let settings = [
      "config.json", OpenCLIP.configurationFile, ImageProcessorFile.own,
      // Read where the other is not there.
      Files.exists("\(path)/\(ImageProcessorFile.own)") ? "" : ImageProcessorFile.shared,
      "tokenizer_config.json", "tokenizer.json", "vocab.json", "vocab.txt", "merges.txt",
      BytePairTokenizer.mergesFileName,
    ].filter { !$0.isEmpty }.map { "\(path)/\($0)" }
    return settings.filter(Files.exists) + (try weights().flatMap(\.files))
  }

  /// - Throws: `InputError` (`configuration`) where the family, this build or this processor does
  ///   not have the precision.
  public func requireAvailable(_ precision: Precision) throws(InputError) {
    switch family {
    case .clip: try precision.requireAvailable()
    case .align: try FrozenEfficientNet.requireAvailable(precision)
    case .conse where precision != .float32:
      throw InputError(
        .configuration, "the ConSE teacher has no \(precision.rawValue)", at: path,
        hint: "use precision: float32")
    case .conse: break
    }
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
    switch family {
    case .clip: return try CLIPTeacher.load(folder: path, precision: precision, fit: fit)
    case .align: return try ALIGNTeacher.load(folder: path, precision: precision, fit: fit)
    case .conse:
      return try ConSETeacher.load(folder: path, fit: fit, classText: classText)
    }
  }

  /// The opened files of weights.
  ///
  /// - Throws: `InputError` for weights that are missing or unreadable.
  func weights() throws(InputError) -> [Weights] {
    switch family {
    case .clip: [try CLIP.weights(folder: path)]
    case .align: [try Weights(path: path)]
    case .conse:
      try ConSETeacher.fileNames.filter { $0.hasSuffix(".safetensors") }
        .map { name throws(InputError) in try Weights(path: "\(path)/\(name)") }
    }
  }
}
