import Networks
import Support
import Tensors

/// Hugging Face's folder of an ALIGN model.
struct ALIGNFamily: TeacherFamily {
  static let title = "ALIGN"
  static let layout = "config.json and weights"
  static let modelTypes = ["align"]

  let folder: String

  func files() throws(InputError) -> [String] {
    HuggingFaceFolder.files(HuggingFaceFolder.settings, in: folder, try weights())
  }

  func weights() throws(InputError) -> [Weights] { [try Weights(path: folder)] }

  var assumption: String? { HuggingFaceFolder.assumption(folder, of: "ALIGN's") }

  func requireAvailable(_ precision: Precision) throws(InputError) {
    try FrozenEfficientNet.requireAvailable(precision)
  }

  func load(
    precision: Precision, fit: Preprocessing.Fit, classText: ConSETeacher.ClassText?
  ) throws -> any Teacher {
    try ALIGNTeacher.load(folder: folder, precision: precision, fit: fit)
  }

  func anatomy(precision: Precision) throws -> TeacherAnatomy {
    let align = try ALIGN.load(folder: folder)
    let (sizes, tokenizer) = (align.configuration, try? WordPiece(folder: folder))
    return TeacherAnatomy(
      image: sizes.vision.description, text: sizes.text.description, width: sizes.width,
      input: try .align(folder: folder, imageSize: sizes.imageSize),
      tokenizer: tokenizer.map { "word pieces, \($0.count) tokens" },
      towers: .init(
        image: FrozenEfficientNet(align.vision, precision: precision), side: nil,
        factor: 1 / align.temperature, vocabulary: sizes.text.vocabulary,
        lengths: 1...sizes.text.positions, text: { align.embed(tokens: $0) }))
  }
}
