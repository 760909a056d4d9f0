import Networks
import Support
import Tensors

/// All that is known of one kind of teacher: what tells its folders from others, which files they
/// have, and what is in them.
///
/// A new kind is a type of this protocol, with whatever towers and tokenizer it needs, and a case of
/// `TeacherFolder.Family`; nothing else asks for families.
protocol TeacherFamily: Sendable {
  /// As a user calls it: "CLIP".
  static var title: String { get }

  /// What a folder has, for one who gave another: "config.json and weights".
  static var layout: String { get }

  /// What `config.json` has under `model_type`; empty where folders have no such file.
  static var modelTypes: [String] { get }

  /// Whether a folder is of the family by other files than a `config.json`.
  static func hasOwnFiles(_ folder: String) -> Bool

  /// The name of the sentences that category names are put into unless the user asks otherwise.
  static var prompts: String { get }

  /// A folder that is of the family.
  init(folder: String)

  /// The folder's path.
  var folder: String { get }

  /// The files that the embeddings depend on: settings, vocabularies, weights.
  ///
  /// - Throws: `InputError` for weights that are missing or unreadable.
  func files() throws(InputError) -> [String]

  /// The opened files of weights.
  ///
  /// - Throws: `InputError` for weights that are missing or unreadable.
  func weights() throws(InputError) -> [Weights]

  /// What is assumed of images because the folder does not say it, in a line; nil where it does.
  var assumption: String? { get }

  /// - Throws: `InputError` (`configuration`) where the family, this build or this processor does
  ///   not have the precision.
  func requireAvailable(_ precision: Precision) throws(InputError)

  /// The teacher, as `TeacherFolder.load`.
  func load(
    precision: Precision, fit: Preprocessing.Fit, classText: ConSETeacher.ClassText?
  ) throws -> any Teacher

  /// What the folder holds; a missing tokenizer is only noted.
  func anatomy(precision: Precision) throws -> TeacherAnatomy
}

extension TeacherFamily {
  static func hasOwnFiles(_ folder: String) -> Bool { false }

  /// The paper's.
  static var prompts: String { "vild" }
}

/// What a teacher's folder holds, as `vild teacher check` says it.
struct TeacherAnatomy {
  /// The two towers in words.
  var image, text: String
  /// D
  var width: Int
  /// What enters the image tower.
  var input: Preprocessing
  /// In words; nil where there is none.
  var tokenizer: String?
  /// Nil where there is nothing to compare with an original.
  var towers: Towers?

  /// Two towers and what makes logits of their embeddings.
  struct Towers {
    var image: any ImageTower
    /// What the image tower's input must have; nil is any.
    var side: Int?
    /// What cosines are multiplied by, and what is then added.
    var factor: Float
    var bias: Float = 0
    /// Token ids lie below it.
    var vocabulary: Int
    /// How many tokens a text may have.
    var lengths: ClosedRange<Int>
    /// [N, D] of N texts, not normalised.
    var text: ([[Int]]) -> Tensor
  }
}

extension Preprocessing {
  /// With another way to treat crops that are not square: the published processors' centre crop is
  /// meant for whole images, and cuts off the ends of long regions.
  func fitted(_ fit: Fit) -> Preprocessing {
    var fitted = self
    fitted.fit = fit
    if fit == .squash { fitted.shortSide = nil }
    return fitted
  }
}
