import Foundation
import Stages
import Testing

@Suite struct TimeRangeTests {
  /// Ten samples go into groups of 2, 3, 2 and 3: means 1.5, 4, 6.5 and 9 make up the range.
  @Test func theRangeIsOfGroups() {
    let range = TimeRange(100, at: (1...10).map(Double.init))
    #expect(range == TimeRange(expected: 550, low: 150, high: 900))
    #expect(TimeRange(3, at: [2]) == TimeRange(expected: 6, low: 6, high: 6))
    #expect(
      range + TimeRange(3, at: [2]) == TimeRange(expected: 556, low: 156, high: 906))
  }

  @Test(arguments: [
    (0.2, "1 s"), (5.0, "5 s"), (725.0, "12 min 5 s"), (11_520.0, "3 h 12 min"),
    (183_600.0, "2 days 3 h"), (3600.0, "1 h 0 min"),
  ])
  func inWords(seconds: Double, words: String) { #expect(TimeRange.text(seconds) == words) }
}
