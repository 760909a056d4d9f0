/// A few values by key, within a limit on their total cost; a new one pushes out those that were
/// used longest ago. O(entries).
struct RecentlyUsed<Key: Equatable & Sendable, Value: Sendable>: Sendable {
  private let limit: Int
  /// The most recent last.
  private var entries: [(key: Key, value: Value, cost: Int)] = []
  private(set) var cost = 0

  /// - Parameter limit: the highest total cost; one value that costs more is kept alone.
  init(limit: Int) {
    precondition(limit > 0)
    self.limit = limit
  }

  subscript(key: Key) -> Value? {
    mutating get {
      guard let index = entries.firstIndex(where: { $0.key == key }) else { return nil }
      entries.append(entries.remove(at: index))
      return entries.last?.value
    }
  }

  mutating func insert(_ value: Value, for key: Key, cost: Int = 1) {
    if let index = entries.firstIndex(where: { $0.key == key }) { remove(index) }
    while !entries.isEmpty && self.cost + cost > limit { remove(0) }
    entries.append((key, value, cost))
    self.cost += cost
  }

  private mutating func remove(_ index: Int) { cost -= entries.remove(at: index).cost }
}
