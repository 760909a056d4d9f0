import Support

/// Images that failed, counted by reason, with the first few of each; memory does not grow with them.
package struct FailedExamples: Sendable {
  /// Images that failed for the same reason.
  package struct Reason: Sendable {
    package let text: String
    package fileprivate(set) var count = 0
    /// The first of their names, the ends of long ones.
    package fileprivate(set) var images: [String] = []
  }

  private var reasons: [String: Reason] = [:]
  package private(set) var count = 0

  /// Different reasons and examples of each that are kept.
  static let mostReasons = 40
  static let mostExamples = 5
  private static let others = "other reasons"

  package init() {}

  /// - Parameters:
  ///   - reason: in one line, which may name the image.
  ///   - image: its name.
  package mutating func add(_ reason: String, of image: String) {
    count += 1
    // A name with spaces is no path to `FailureReasons`.
    let named = reason.firstRange(of: "\(image.printable): ")
    let rest = named.map { String(reason[$0.upperBound...]) } ?? reason
    var text = FailureReasons.unnamed(rest).shown(200)
    if reasons[text] == nil && reasons.count >= Self.mostReasons { text = Self.others }
    reasons[text, default: Reason(text: text)].count += 1
    if reasons[text]!.images.count < Self.mostExamples {
      reasons[text]!.images.append(image.shown(120, fromEnd: true))
    }
  }

  /// The most frequent first.
  package var sorted: [Reason] {
    reasons.values.sorted { ($1.count, $0.text) < ($0.count, $1.text) }
  }
}
