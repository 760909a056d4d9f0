import Foundation
import Support

/// Detections from one score on, counted by name: a student that has collapsed calls most of them the
/// same. Names' own scores do not count here, as they would hide a name that is always sure.
public struct ConfidentDetections: Codable, Equatable, Sendable {
  /// How often a name is given.
  public struct Name: Codable, Equatable, Sendable {
    public var name: String
    public var detections: Int
    /// Of all confident detections, in 0...1.
    public var share: Double
    /// Of the annotated objects, in 0...1, where there are any.
    public var truthShare: Double?

    private enum CodingKeys: String, CodingKey {
      case name, detections, share
      case truthShare = "truth_share"
    }
  }

  /// From which scores on detections are drawn; from `score` on they are counted.
  public let thresholds: DrawThresholds
  public let detections: Int
  /// How many names were looked for.
  public let vocabulary: Int
  /// Those that were given, most often first.
  public let names: [Name]

  /// More than this share of one name is worth a warning, from so many detections on.
  static let mostShare = 0.5
  static let leastDetections = 50
  /// But not where the annotated objects have nearly as many of the name.
  static let mostOfTruth = 1.5

  /// - Parameters:
  ///   - counts: detections from `thresholds.score` on, by name; of every name that was looked for.
  ///   - truths: annotated objects by name; nil where nobody knows.
  public init(
    _ counts: [String: Int], truths: [String: Int]? = nil, thresholds: DrawThresholds
  ) {
    self.thresholds = thresholds
    let all = counts.values.reduce(0, +)
    let objects = truths?.values.reduce(0, +) ?? 0
    detections = all
    vocabulary = counts.count
    names = counts.filter { $0.value > 0 }
      .sorted { ($1.value, $0.key) < ($0.value, $1.key) }
      .map { name, count in
        Name(
          name: name, detections: count, share: Double(count) / Double(all),
          truthShare: objects == 0 ? nil : Double(truths?[name] ?? 0) / Double(objects))
      }
  }

  /// The most frequent names with their shares, in a line.
  public var line: String {
    let listed = names.prefix(5).map { name in
      "\(name.name) \(percent(name.share))"
        + (name.truthShare.map { " (\(percent($0)) of the objects)" } ?? "")
    }
    let rest = names.dropFirst(5)
    let more =
      rest.isEmpty
      ? [] : ["\(rest.count) other names \(percent(rest.reduce(0) { $0 + $1.share }))"]
    let score = String(format: "%.2f", thresholds.score)
    return "\(detections.counted("detection")) from score \(score) on"
      + (names.isEmpty ? "" : ": " + (listed + more).joined(separator: ", "))
  }

  /// What is wrong where one name has most; nil where nothing is.
  public var warning: String? {
    guard detections >= Self.leastDetections, vocabulary > 2, let first = names.first,
      first.share > Self.mostShare,
      first.truthShare.map({ first.share > Self.mostOfTruth * $0 }) ?? true
    else { return nil }
    let truth =
      first.truthShare.map { "the name of \(percent($0)) of the annotated objects" }
      ?? "one of \(vocabulary) names, which may be right if the photographs show little else"
    return "\(percent(first.share)) of the detections from score "
      + "\(String(format: "%.2f", thresholds.score)) on are called '\(first.name)', "
      + "\(truth); see 'My student names everything X' in pipelines/troubleshooting.md"
  }

  private func percent(_ share: Double) -> String { "\(Int((share * 100).rounded()))%" }
}
