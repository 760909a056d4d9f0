public import Networks
public import Support
public import Tensors

/// CLIP (Radford et al., 2021) as published on Hugging Face, such as openai/clip-vit-base-patch32, in
/// the form of transformers or of open_clip.
public struct CLIPTeacher: Teacher {
  /// The image tower, frozen.
  public let imageTower: any ImageTower
  /// Reads the names of categories.
  public let textTower: CLIPTextTower
  /// The published mean, deviation, filter and size.
  public let preprocessing: Preprocessing
  /// What cosines are multiplied by to be logits.
  public let logitScale: Float
  /// The paper's.
  public let templates = PromptTemplates.vild

  /// Reads a published folder: `config.json`, weights in any form that `Weights` reads, a tokenizer,
  /// and `preprocessor_config.json` where it is not the standard one.
  ///
  /// - Parameters:
  ///   - precision: of the image tower's products.
  ///   - fit: how crops of regions that are not square are treated; the published processor's
  ///     centre crop is meant for whole images, and cuts off the ends of long regions.
  /// - Throws: `InputError` naming a file that is missing, damaged or does not go with the others,
  ///   or for a precision this build or processor does not have.
  public static func load(
    folder: String, precision: Precision = .float32, fit: Preprocessing.Fit = .squash
  ) throws(InputError) -> CLIPTeacher {
    try precision.requireAvailable()
    // First, since it takes no time: the weights may be gigabytes.
    guard let tokenizer = try BytePairTokenizer.load(folder: folder) else {
      throw InputError(
        .missingInput, "the teacher has no tokenizer", at: folder,
        expected: BytePairTokenizer.fileNames)
    }
    let clip = try CLIP.load(folder: folder)
    let preprocessing = try Preprocessing.clip(
      folder: folder, imageSize: clip.vision.imageSize)
    return CLIPTeacher(
      imageTower: try clip.vision.frozen(precision: precision),
      textTower: try CLIPTextTower(tokenizer: tokenizer, transformer: clip.text),
      preprocessing: preprocessing.fitted(fit), logitScale: clip.cosineFactor)
  }

  /// D, both towers'.
  public var width: Int { imageTower.width }

  /// The projected class tokens: [B, D].
  public func embedUnnormalized(pixels: Tensor) -> Tensor { imageTower.embed(pixels: pixels) }
}
