/// The pairs of a byte-pair vocabulary (Sennrich et al., 2016), and how they are joined.
struct BytePairMerges: Sendable {
  /// Two neighbouring tokens that become one.
  private struct Merge {
    /// Lower ones come first.
    var rank: Int32
    var id: Int32
  }

  private var merges: [UInt64: Merge]
  private var count: Int32 = 0

  init(capacity: Int) { merges = Dictionary(minimumCapacity: capacity) }

  /// The next pair in the order they are joined; of equal ones the first counts.
  mutating func append(_ left: Int32, _ right: Int32, becomes id: Int32) {
    let pair = Self.key(left, right)
    if merges[pair] == nil { merges[pair] = Merge(rank: count, id: id) }
    count += 1
  }

  /// Joins the pair of the lowest rank, the leftmost first, until none is left. Takes time in
  /// proportion to n log n.
  ///
  /// - Parameter tokens: at least one.
  func joined(_ tokens: [Int32]) -> [Int] {
    var parts = tokens
    // A joined pair stands at its left place; `after` and `before` skip the right one.
    var after = Array(1...parts.count)
    var before = Array(-1..<parts.count - 1)
    func merge(at place: Int) -> Merge? {
      after[place] < parts.count ? merges[Self.key(parts[place], parts[after[place]])] : nil
    }
    var candidates = Heap()
    func consider(_ place: Int) {
      guard place >= 0, let merge = merge(at: place) else { return }
      candidates.push(UInt64(merge.rank) << 32 | UInt64(place))
    }
    for place in parts.indices { consider(place) }
    while let candidate = candidates.pop() {
      let place = Int(candidate & 0xFFFF_FFFF)
      // One of the two may have been joined to another by now.
      guard parts[place] >= 0, let merge = merge(at: place), merge.rank == candidate >> 32 else {
        continue
      }
      parts[place] = merge.id
      parts[after[place]] = -1
      after[place] = after[after[place]]
      if after[place] < parts.count { before[after[place]] = place }
      consider(before[place])
      consider(place)
    }
    return parts.filter { $0 >= 0 }.map(Int.init)
  }

  private static func key(_ left: Int32, _ right: Int32) -> UInt64 {
    UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
  }
}

/// Numbers, of which the smallest comes out first.
private struct Heap {
  private var numbers: [UInt64] = []

  mutating func push(_ number: UInt64) {
    var place = numbers.count
    numbers.append(number)
    while place > 0, numbers[(place - 1) / 2] > number {
      numbers[place] = numbers[(place - 1) / 2]
      place = (place - 1) / 2
    }
    numbers[place] = number
  }

  mutating func pop() -> UInt64? {
    guard let smallest = numbers.first, let number = numbers.popLast() else { return nil }
    if numbers.isEmpty { return smallest }
    var place = 0
    while 2 * place + 1 < numbers.count {
      var child = 2 * place + 1
      if child + 1 < numbers.count, numbers[child + 1] < numbers[child] { child += 1 }
      guard numbers[child] < number else { break }
      numbers[place] = numbers[child]
      place = child
    }
    numbers[place] = number
    return smallest
  }
}
