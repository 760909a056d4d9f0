import Networks
import Support
import Tensors

/// Hugging Face's folder of a SigLIP model, or of SigLIP 2 of a fixed resolution: both have one
/// configuration and differ by their tokenizer.
struct SigLIPFamily: TeacherFamily {
  static let title = "SigLIP"
  static let layout = "config.json and weights"
  /// The second is SigLIP 2 of flexible resolution, of which `SigLIPConfiguration` says what to do.
  static let modelTypes = ["siglip", "siglip2"]

  let folder: String

  func files() throws(InputError) -> [String] {
    let tokenizer = SigLIPTokenizer.file(in: folder).map { [$0] } ?? []
    return HuggingFaceFolder.files(
      ["config.json", "tokenizer_config.json"] + tokenizer, in: folder, try weights())
  }

  func weights() throws(InputError) -> [Weights] { [try Weights(path: folder)] }

  var assumption: String? { HuggingFaceFolder.assumption(folder, of: "SigLIP's") }

  func requireAvailable(_ precision: Precision) throws(InputError) {
    try precision.requireAvailable()
  }

  func load(
    precision: Precision, fit: Preprocessing.Fit, classText: ConSETeacher.ClassText?
  ) throws -> any Teacher {
    try SigLIPTeacher.load(folder: folder, precision: precision, fit: fit)
  }

  func anatomy(precision: Precision) throws -> TeacherAnatomy {
    let model = try SigLIP.load(folder: folder)
    let (vision, text) = (model.vision.configuration, model.text.configuration)
    return TeacherAnatomy(
      image: "\(vision), pooled by a probe",
      text: "transformer, \(text.transformer), \(text.vocabulary) tokens, \(text.positions) a text",
      width: model.vision.width, input: try .siglip(folder: folder, imageSize: vision.imageSize),
      tokenizer: try SigLIPTokenizer.load(folder: folder)?.description,
      towers: .init(
        image: try model.vision.frozen(precision: precision), side: vision.imageSize,
        factor: model.cosineFactor, bias: model.logitBias, vocabulary: text.vocabulary,
        // Padding is looked at: a text without it is another text.
        lengths: text.positions...text.positions, text: { model.text($0).value }))
  }
}
