/// The last values of a figure, at most `limit` of them.
struct RecentValues {
  let limit: Int
  private var values: [Double] = []
  /// Where the next value goes when there is no more room.
  private var oldest = 0

  init(limit: Int) { self.limit = limit }

  var count: Int { values.count }

  mutating func add(_ value: Double) {
    if values.count < limit {
      values.append(value)
    } else {
      values[oldest] = value
      oldest = (oldest + 1) % limit
    }
  }

  /// Nil without values.
  var median: Double? {
    guard !values.isEmpty else { return nil }
    let sorted = values.sorted()
    return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
  }
}
