import Foundation

/// A time that samples promise, and how far they differ; in seconds.
public struct TimeRange: Codable, Hashable, Sendable {
  /// By the mean of all samples.
  public var expected: Double
  /// By the fastest of a few groups of consecutive samples.
  public var low: Double
  /// By the slowest.
  public var high: Double

  static let none = TimeRange(expected: 0, low: 0, high: 0)
  /// Into so many groups samples go: one that was disturbed is not the range.
  private static let groups = 4

  package init(expected: Double, low: Double, high: Double) {
    (self.expected, self.low, self.high) = (expected, low, high)
  }

  /// - Parameters:
  ///   - units: how many are to be done.
  ///   - samples: the time of a unit; at least one.
  package init(_ units: Int, at samples: [Double]) {
    precondition(!samples.isEmpty, "a time is measured")
    let count = min(Self.groups, samples.count)
    let means = (0..<count).map { group in
      mean(samples[samples.count * group / count..<samples.count * (group + 1) / count])
    }
    let units = Double(units)
    self.init(
      expected: units * mean(samples[...]), low: units * means.min()!, high: units * means.max()!)
  }

  /// One after the other; at worst both are slow.
  package static func + (a: TimeRange, b: TimeRange) -> TimeRange {
    TimeRange(expected: a.expected + b.expected, low: a.low + b.low, high: a.high + b.high)
  }

  /// "12 min 5 s (11 min to 14 min)"
  var text: String { "\(Self.text(expected)) (\(Self.text(low)) to \(Self.text(high)))" }

  /// "2 days 3 h", "3 h 12 min", "12 min 5 s", "5 s".
  package static func text(_ seconds: Double) -> String {
    let whole = Int(min(seconds, 1e15).rounded(.up))
    let parts = [
      (whole / 86_400, "days"), (whole / 3600 % 24, "h"), (whole / 60 % 60, "min"),
      (whole % 60, "s"),
    ]
    let first = parts.firstIndex { $0.0 > 0 } ?? parts.count - 1
    return parts[first...].prefix(2).map { "\($0.0) \($0.1)" }.joined(separator: " ")
  }
}

private func mean(_ values: ArraySlice<Double>) -> Double {
  values.reduce(0, +) / Double(values.count)
}
