public import Networks
public import Support
public import Tensors

/// ALIGN (Jia et al., 2021) as published on Hugging Face, such as kakaobrain/align-base.
public struct ALIGNTeacher: Teacher {
  /// The image tower, frozen.
  public let imageTower: any ImageTower
  /// Reads the names of categories.
  public let textTower: ALIGNTextTower
  /// The published arithmetic on levels, filter and size.
  public let preprocessing: Preprocessing
  /// What cosines are divided by to be logits.
  public let temperature: Float
  /// The paper's.
  public let templates = PromptTemplates.vild

  /// Reads a published folder: `config.json`, weights in any form that `Weights` reads, a tokenizer,
  /// and `preprocessor_config.json` where it is not the standard one.
  ///
  /// - Parameters:
  ///   - precision: of the image tower's products.
  ///   - fit: how crops of regions that are not square are treated; the published processor's
  ///     centre crop is meant for whole images.
  /// - Throws: `InputError` naming a file that is missing, damaged or does not go with the others,
  ///   or for a precision this processor does not have.
  public static func load(
    folder: String, precision: Precision = .float32, fit: Preprocessing.Fit = .squash
  ) throws(InputError) -> ALIGNTeacher {
    try FrozenEfficientNet.requireAvailable(precision)
    // First, since it takes no time: the weights may be gigabytes.
    let tokenizer = try WordPiece(folder: folder)
    let longest = try TokenizerConfiguration(folder: folder).modelMaxLength
    let model = try ALIGN.load(folder: folder)
    let preprocessing = try Preprocessing.align(
      folder: folder, imageSize: model.configuration.imageSize)
    return ALIGNTeacher(
      imageTower: FrozenEfficientNet(model.vision, precision: precision),
      textTower: try ALIGNTextTower(tokenizer: tokenizer, model: model, longest: longest),
      preprocessing: preprocessing.fitted(fit), temperature: model.temperature)
  }

  /// D, both towers'.
  public var width: Int { imageTower.width }

  /// The image tower's pooled channels: [B, D].
  public func embedUnnormalized(pixels: Tensor) -> Tensor { imageTower.embed(pixels: pixels) }
}
