public import Networks
public import Support
public import Tensors

/// SigLIP (Zhai et al., 2023), such as google/siglip-base-patch16-224, and SigLIP 2 of a fixed
/// resolution (Tschannen et al., 2025), such as google/siglip2-base-patch16-224, as published on
/// Hugging Face.
public struct SigLIPTeacher: Teacher {
  /// The image tower, frozen.
  public let imageTower: any ImageTower
  /// Reads the names of categories.
  public let textTower: SigLIPTextTower
  /// The published mean, deviation, filter and size.
  public let preprocessing: Preprocessing
  /// What cosines are multiplied by to be logits.
  public let logitScale: Float
  /// What is then added; the sigmoid of the sum is how likely a text fits an image.
  public let logitBias: Float
  /// The paper's.
  public let templates = PromptTemplates.vild

  /// Reads a published folder: `config.json`, weights in any form that `Weights` reads, a tokenizer,
  /// and `preprocessor_config.json` where it is not the standard one.
  ///
  /// - Parameters:
  ///   - precision: of the image tower's products.
  ///   - fit: how crops of regions that are not square are treated; squashing is the published way.
  /// - Throws: `InputError` naming a file that is missing, damaged or does not go with the others,
  ///   or for a precision this build or processor does not have.
  public static func load(
    folder: String, precision: Precision = .float32, fit: Preprocessing.Fit = .squash
  ) throws(InputError) -> SigLIPTeacher {
    try precision.requireAvailable()
    // First, since they take little time: the weights may be gigabytes.
    _ = try SigLIPConfiguration(path: "\(folder)/config.json")
    guard let tokenizer = try SigLIPTokenizer.load(folder: folder) else {
      throw InputError(
        .missingInput, "the teacher has no tokenizer", at: folder,
        expected: SigLIPTokenizer.fileNames)
    }
    let model = try SigLIP.load(folder: folder)
    let preprocessing = try Preprocessing.siglip(
      folder: folder, imageSize: model.vision.configuration.imageSize)
    return SigLIPTeacher(
      imageTower: try model.vision.frozen(precision: precision),
      textTower: try SigLIPTextTower(tokenizer: tokenizer, transformer: model.text),
      preprocessing: preprocessing.fitted(fit), logitScale: model.cosineFactor,
      logitBias: model.logitBias)
  }

  /// D, both towers'.
  public var width: Int { imageTower.width }

  /// What the probe finds: [B, D].
  public func embedUnnormalized(pixels: Tensor) -> Tensor { imageTower.embed(pixels: pixels) }
}
