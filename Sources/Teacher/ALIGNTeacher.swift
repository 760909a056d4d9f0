public import Networks
public import Support
public import Tensors

/// ALIGN (Jia et al., 2021) as published on Hugging Face, such as kakaobrain/align-base.
public struct ALIGNTeacher: Teacher {
  /// The image tower, frozen.
  public let imageTower: any ImageTower
  /// Reads the names of categories.
  public let textTower: ALIGNTextTower
  /// The published arithmetic on levels; a crop's sides are scaled apart.
  public let preprocessing: Preprocessing
  /// What cosines are divided by to be logits.
  public let temperature: Float
  /// Unless the user asks for others.
  public let templates = PromptTemplates.conse

  /// The files of a teacher's folder besides its weights and its tokenizer.
  public static let fileNames = ["config.json", "preprocessor_config.json"]

  /// Reads a published folder: `fileNames`, weights, and `vocab.txt` or `tokenizer.json`.
  ///
  /// - Parameter precision: of the image tower's products.
  /// - Throws: `InputError` naming a file that is missing, damaged or does not go with the others,
  ///   or for a precision this build or processor does not have.
  public static func load(
    folder: String, precision: Precision = .float32
  ) throws(InputError) -> ALIGNTeacher {
    try precision.requireAvailable()
    for name in fileNames where !Files.exists("\(folder)/\(name)") {
      throw InputError(
        .missingInput, "no such file", at: "\(folder)/\(name)",
        expected: "ALIGN's folder as published, with \(fileNames.joined(separator: " and "))")
    }
    let preprocessing = try Preprocessing(efficientNet: "\(folder)/preprocessor_config.json")
    let model = try ALIGN.load(
      try ALIGNConfiguration(path: "\(folder)/config.json"),
      from: try SafeTensorsFile(path: "\(folder)/model.safetensors"))
    return ALIGNTeacher(
      imageTower: FrozenEfficientNet(model.vision, precision: precision),
      textTower: try ALIGNTextTower(folder: folder, model: model), preprocessing: preprocessing,
      temperature: model.temperature)
  }

  /// D, both towers'.
  public var width: Int { imageTower.width }

  /// The image tower's pooled channels: [B, D].
  public func embedUnnormalized(pixels: Tensor) -> Tensor { imageTower.embed(pixels: pixels) }

  /// The text tower's embeddings: [C, D], unit rows.
  public func embed(names: [String], with templates: PromptTemplates) throws(InputError) -> Tensor {
    try textTower.embed(names: names, with: templates)
  }
}
