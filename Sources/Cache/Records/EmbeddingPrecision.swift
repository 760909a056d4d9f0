/// How a number of an embedding is kept.
public enum EmbeddingPrecision: String, Codable, CaseIterable, Hashable, Sendable {
  case float32
  case float16
  /// A whole number of -127...127, times a scale that each embedding has of its own.
  case int8

  /// Of a number.
  package var bytes: Int {
    switch self {
    case .float32: 4
    case .float16: 2
    case .int8: 1
    }
  }
}
