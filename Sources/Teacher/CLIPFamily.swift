import Foundation
import Networks
import Support
import Tensors

/// Hugging Face's folder of a CLIP model, in transformers' or open_clip's form.
struct CLIPFamily: TeacherFamily {
  static let title = "CLIP"
  static let layout = "config.json or \(OpenCLIP.configurationFile) and weights"
  static let modelTypes = ["clip"]

  static func hasOwnFiles(_ folder: String) -> Bool { OpenCLIP.isForm(of: folder) }

  let folder: String

  func files() throws(InputError) -> [String] {
    HuggingFaceFolder.files(HuggingFaceFolder.settings, in: folder, try weights())
  }

  func weights() throws(InputError) -> [Weights] { [try CLIP.weights(folder: folder)] }

  var assumption: String? {
    guard OpenCLIP.isForm(of: folder) else {
      return HuggingFaceFolder.assumption(folder, of: "CLIP's")
    }
    struct Header: Decodable {
      struct Keys: Decodable {}
      var preprocess_cfg: Keys?
    }
    let data = try? Files.read("\(folder)/\(OpenCLIP.configurationFile)")
    let header = data.flatMap { try? JSONDecoder().decode(Header.self, from: $0) }
    return header?.preprocess_cfg == nil
      ? HuggingFaceFolder.assumption(
        folder, without: "preprocess_cfg in \(OpenCLIP.configurationFile)", of: "CLIP's") : nil
  }

  func requireAvailable(_ precision: Precision) throws(InputError) {
    try precision.requireAvailable()
  }

  func load(
    precision: Precision, fit: Preprocessing.Fit, classText: ConSETeacher.ClassText?
  ) throws -> any Teacher {
    try CLIPTeacher.load(folder: folder, precision: precision, fit: fit)
  }

  func anatomy(precision: Precision) throws -> TeacherAnatomy {
    let clip = try CLIP.load(folder: folder)
    let tokenizer = try BytePairTokenizer.load(folder: folder)
    return TeacherAnatomy(
      image: clip.configuration.vision.description, text: clip.text.configuration.description,
      width: clip.vision.width,
      input: try .clip(folder: folder, imageSize: clip.vision.imageSize),
      tokenizer: tokenizer.map { "byte pairs, \($0.count) tokens" },
      towers: .init(
        image: try clip.vision.frozen(precision: precision), side: clip.vision.imageSize,
        factor: clip.cosineFactor, vocabulary: clip.text.configuration.vocabulary,
        lengths: 1...clip.text.configuration.positions, text: { clip.text($0).value }))
  }
}
