import Foundation
public import Support

/// The sizes of a BERT encoder, as in Hugging Face's `config.json`.
public struct BERTConfiguration: Hashable, Sendable, Decodable {
  /// Token ids lie below it.
  public var vocabulary: Int
  /// Channels of a token.
  public var width: Int
  /// Attention and feed-forward pairs.
  public var layers: Int
  /// Attention heads; they share the width evenly.
  public var heads: Int
  /// Channels between the two feed-forward products.
  public var intermediate: Int
  /// The longest sequence, in tokens.
  public var positions: Int
  /// Rows of the segment table; only the first is used.
  public var segments: Int
  /// Of the layer norms.
  public var epsilon: Float
  /// Must be "gelu".
  var activation: String
  /// Must be "absolute" where given.
  var positionKind: String?

  private enum CodingKeys: String, CodingKey {
    case vocabulary = "vocab_size"
    case width = "hidden_size"
    case layers = "num_hidden_layers"
    case heads = "num_attention_heads"
    case intermediate = "intermediate_size"
    case positions = "max_position_embeddings"
    case segments = "type_vocab_size"
    case epsilon = "layer_norm_eps"
    case activation = "hidden_act"
    case positionKind = "position_embedding_type"
  }
}

extension BERTConfiguration {
  /// Reads `config.json`; keys that do not bear on the encoder are passed over.
  ///
  /// - Throws: `InputError` for a file that is missing, has no such sizes, or describes an encoder
  ///   of another kind.
  public init(path: String) throws(InputError) {
    let data = try Files.read(path)
    do {
      self = try JSONDecoder().decode(Self.self, from: data)
    } catch DecodingError.keyNotFound(let key, _) {
      throw InputError(
        .badData, "no '\(key.stringValue)'", at: path, expected: "BERT's config.json")
    } catch DecodingError.typeMismatch(_, let context) {
      let key = context.codingPath.last?.stringValue ?? ""
      throw InputError(.badData, "'\(key)' is of the wrong type", at: path)
    } catch {
      throw InputError(.badData, "not BERT's config.json", at: path)
    }
    try check(path)
  }

  func check(_ path: String) throws(InputError) {
    func require(
      _ holds: Bool, _ key: CodingKeys, _ expected: String, _ got: String
    ) throws(InputError) {
      guard !holds else { return }
      throw InputError(
        .badData, "unusable '\(key.stringValue)'", at: path, expected: expected, got: got)
    }
    let sizes: [(CodingKeys, Int)] = [
      (.vocabulary, vocabulary), (.width, width), (.heads, heads), (.intermediate, intermediate),
      (.positions, positions), (.segments, segments), (.layers, layers),
    ]
    for (key, size) in sizes {
      try require(1...(1 << 24) ~= size, key, "1...\(1 << 24)", "\(size)")
    }
    try require(width % heads == 0, .heads, "a divisor of \(width)", "\(heads)")
    try require(epsilon >= 0 && epsilon.isFinite, .epsilon, "0 or more", "\(epsilon)")
    try require(activation == "gelu", .activation, "gelu", activation)
    let positionKind = positionKind ?? "absolute"
    try require(positionKind == "absolute", .positionKind, "absolute", positionKind)
  }
}
