import Foundation
public import Support

/// The sizes of an ALIGN model, as in Hugging Face's `config.json`. A key that is not there has the
/// value Hugging Face gives it, those of kakaobrain/align-base.
public struct ALIGNConfiguration: Hashable, Sendable {
  /// The image tower.
  public var vision: EfficientNetConfiguration
  /// Width and height of the pictures the image tower was made for, in pixels; it takes others too.
  public var imageSize: Int
  /// The text tower.
  public var text: BERTConfiguration
  /// D: width of an embedding, the image tower's channels.
  public var width: Int

  /// Reads `config.json`.
  ///
  /// - Throws: `InputError` naming the key that is missing or cannot be used.
  public init(path: String) throws(InputError) {
    let data = try Files.read(path)
    let published: Published
    do {
      let decoder = JSONDecoder()
      decoder.keyDecodingStrategy = .convertFromSnakeCase
      published = try decoder.decode(Published.self, from: data)
    } catch DecodingError.typeMismatch(_, let context) {
      let key = context.codingPath.map { $0.stringValue.snakeCased }.joined(separator: ".")
      throw InputError(.badData, "'\(key)' is of the wrong type", at: path)
    } catch {
      throw InputError(.badData, "not ALIGN's config.json", at: path)
    }
    guard published.modelType == "align" else {
      throw InputError(
        .badData, "not the configuration of an ALIGN model", at: path,
        expected: "model_type \"align\"", got: published.modelType.map { "\"\($0)\"" })
    }
    vision = try EfficientNetConfiguration(published.vision, at: path)
    imageSize = try published.vision.side(at: path)
    text = try BERTConfiguration(align: published.text, at: path)
    width = published.projectionDim ?? 640
    let channels = vision.stages.last!.output
    guard width == channels else {
      throw InputError(
        .badData, "the towers of ALIGN embed to different widths", at: path,
        expected: "projection_dim \(channels), the image tower's channels", got: "\(width)")
    }
  }

  private struct Published: Decodable {
    var modelType: String?
    var projectionDim: Int?
    var textConfig: BERTConfiguration.ALIGNText?
    var visionConfig: EfficientNetConfiguration.ALIGNVision?

    var text: BERTConfiguration.ALIGNText { textConfig ?? .init() }
    var vision: EfficientNetConfiguration.ALIGNVision { visionConfig ?? .init() }
  }
}

extension BERTConfiguration {
  /// ALIGN's `text_config`; the keys are Hugging Face's.
  struct ALIGNText: Decodable {
    var vocabSize, hiddenSize, numHiddenLayers, numAttentionHeads, intermediateSize: Int?
    var maxPositionEmbeddings, typeVocabSize: Int?
    var layerNormEps: Float?
    var hiddenAct, positionEmbeddingType: String?
  }

  private static let alignBase = BERTConfiguration(
    vocabulary: 30522, width: 768, layers: 12, heads: 12, intermediate: 3072, positions: 512,
    segments: 2, epsilon: 1e-12, activation: "gelu")

  fileprivate init(align text: ALIGNText, at path: String) throws(InputError) {
    self = .alignBase
    vocabulary = text.vocabSize ?? vocabulary
    width = text.hiddenSize ?? width
    layers = text.numHiddenLayers ?? layers
    heads = text.numAttentionHeads ?? heads
    intermediate = text.intermediateSize ?? intermediate
    positions = text.maxPositionEmbeddings ?? positions
    segments = text.typeVocabSize ?? segments
    epsilon = text.layerNormEps ?? epsilon
    activation = text.hiddenAct ?? activation
    positionKind = text.positionEmbeddingType
    try check(path)
  }
}

extension String {
  /// A property's name as a key of the file.
  fileprivate var snakeCased: String {
    reduce(into: "") { $0 += $1.isUppercase ? "_\($1.lowercased())" : "\($1)" }
  }
}
