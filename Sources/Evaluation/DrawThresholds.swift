import Foundation

/// From which score on detections are drawn, by their names.
public struct DrawThresholds: Codable, Equatable, Sendable {
  /// Where the scores are from.
  public enum Source: String, Codable, Sendable {
    case pipelineFile = "pipeline_file"
    case validation
    case fallback = "default"
  }

  /// Where nothing is known of a student's scores.
  public static let fallback = 0.3
  /// A name has a score of its own below that of all where so many of its detections from there on are
  /// right; one that is found worse would fill pictures with guesses.
  public static let leastPrecision = 0.25

  public let source: Source
  /// Of every name that has none of its own.
  public let score: Double
  /// By name.
  public let categories: [String: Double]

  /// - Parameters:
  ///   - given: in 0...1, for every name; nil where the user left it open.
  ///   - chosen: of the student's validation; nil where it was not evaluated.
  public init(given: Float?, chosen: ScoreThresholds?) {
    if let given {
      (source, score, categories) = (.pipelineFile, Double(given), [:])
    } else if let chosen, let all = chosen.all {
      (source, score) = (.validation, all.score)
      categories = chosen.categories.compactMapValues { own in
        own.score < all.score && own.precision < Self.leastPrecision ? nil : own.score
      }
    } else {
      (source, score, categories) = (.fallback, Self.fallback, [:])
    }
  }

  /// Of a name.
  public subscript(name: String) -> Double { categories[name] ?? score }

  /// In words, after "detections of".
  public var words: String {
    let number = String(format: "%.2f", score)
    if source != .validation { return "score \(number) or more" }
    let own = categories.sorted { $0.key < $1.key }
    let listed = own.prefix(5).map { "\($0.key) \(String(format: "%.2f", $0.value))" }
    let more = own.count > 5 ? ", \(own.count - 5) more names" : ""
    return "score \(number) or more"
      + (own.isEmpty ? "" : " (\(listed.joined(separator: ", "))\(more))")
      + ", which gives the best F1 on the validation images"
  }
}
