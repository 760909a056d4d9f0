/// A few values by key; a new one pushes out the one that was used longest ago. O(capacity).
struct RecentlyUsed<Key: Equatable & Sendable, Value: Sendable>: Sendable {
  private let capacity: Int
  /// The most recent last.
  private var entries: [(key: Key, value: Value)] = []

  init(capacity: Int) {
    precondition(capacity > 0)
    self.capacity = capacity
  }

  subscript(key: Key) -> Value? {
    mutating get {
      guard let index = entries.firstIndex(where: { $0.key == key }) else { return nil }
      entries.append(entries.remove(at: index))
      return entries.last?.value
    }
  }

  mutating func insert(_ value: Value, for key: Key) {
    entries.removeAll { $0.key == key }
    if entries.count == capacity { entries.removeFirst() }
    entries.append((key, value))
  }
}
