import Networks
import Support
import Tensors

/// A classifier and a sentence encoder, as `ConSETeacher.fileNames` has it.
struct ConSEFamily: TeacherFamily {
  static let title = "ConSE"
  static let layout = ConSETeacher.fileNames.joined(separator: ", ")
  static let modelTypes: [String] = []
  /// The four that the known classes' names are put into as well.
  static let prompts = "conse"

  static func hasOwnFiles(_ folder: String) -> Bool {
    Files.exists("\(folder)/\(ConSETeacher.fileNames[0])")
  }

  let folder: String

  func files() -> [String] { ConSETeacher.fileNames.map { "\(folder)/\($0)" } }

  func weights() throws(InputError) -> [Weights] {
    try files().filter { $0.hasSuffix(".safetensors") }
      .map { path throws(InputError) in try Weights(path: path) }
  }

  /// Its levels are its classifier's own.
  var assumption: String? { nil }

  func requireAvailable(_ precision: Precision) throws(InputError) {
    try FrozenEfficientNet.requireAvailable(precision)
  }

  func load(
    precision: Precision, fit: Preprocessing.Fit, classText: ConSETeacher.ClassText?
  ) throws -> any Teacher {
    try ConSETeacher.load(folder: folder, precision: precision, fit: fit, classText: classText)
  }

  func anatomy(precision: Precision) throws -> TeacherAnatomy {
    let conse = try ConSETeacher.load(folder: folder)
    return TeacherAnatomy(
      image: "\(conse.imageTower.configuration.description), \(conse.classText.shape[0]) classes",
      text: conse.textTower.bert.configuration.description, width: conse.width,
      input: conse.preprocessing,
      tokenizer: "word pieces, \(conse.textTower.tokenizer.count) tokens", towers: nil)
  }
}
