/// How an image ended. Every image of a cache ends as one of these; none is dropped.
public enum ImageStatus: String, CaseIterable, Codable, Sendable {
  /// At least one region and its embedding.
  case ok
  /// Nothing was proposed; legal, and no failure.
  case noProposals
  case decodeError
  case tooLarge
  case unsupported
  /// The file is not there.
  case missing
  /// Whoever embedded it died or hung, each time.
  case crashed

  /// Whether the image could not be used; such rows carry an error text.
  public var isFailure: Bool { self != .ok && self != .noProposals }

  /// The number a shard stores.
  package var code: UInt32 {
    switch self {
    case .ok: 0
    case .noProposals: 1
    case .decodeError: 2
    case .tooLarge: 3
    case .unsupported: 4
    case .missing: 5
    case .crashed: 6
    }
  }

  package init?(code: UInt32) {
    guard let status = Self.allCases.first(where: { $0.code == code }) else { return nil }
    self = status
  }
}
