import Support
import Synchronization

#if canImport(Glibc)
  import Glibc
#endif

/// The memory of large tensors: ranges of addresses from which blocks of any size are cut, and into
/// which freed neighbours are joined again.
///
/// A step asks for thousands of blocks, of sizes that differ with every image, and fresh pages cost
/// more than the arithmetic on them. A block comes from the smallest free place that it fits into, so
/// that what was used before is used again and the range hardly grows beyond the most that tensors
/// took at once. What was used stays with the process, in huge pages where the system has them.
enum Arena {
  /// Blocks are multiples of this many bytes.
  static let unit = 4096

  private static let ranges = Mutex<[AddressRange]>([])

  /// A block of `bytes`, a multiple of `unit`; its content is anything. Nil when there is no memory.
  static func take(_ bytes: Int) -> UnsafeMutableRawPointer? {
    ranges.withLock { ranges in
      for index in ranges.indices {
        if let start = ranges[index].take(bytes) { return start }
      }
      guard var range = AddressRange(atLeast: bytes) else { return nil }
      let start = range.take(bytes)
      ranges.append(range)
      return start
    }
  }

  /// Takes back a block of `take`.
  static func give(_ start: UnsafeMutableRawPointer, _ bytes: Int) {
    ranges.withLock { ranges in
      let index = ranges.firstIndex { $0.contains(start) }!
      ranges[index].give(start, bytes)
    }
  }

  /// What was used and is kept for the next blocks.
  static var freeBytes: Int { ranges.withLock { $0.reduce(0) { $0 + $1.freeBytes } } }
}

/// Neighbouring addresses; pages become memory when they are first used.
private struct AddressRange: @unchecked Sendable {
  private let start: UnsafeMutableRawPointer
  private let capacity: Int
  /// From here on nothing has ever been used.
  private var used = 0
  /// How much of the range may be read and written.
  private var opened = 0
  /// Offsets of what is free below `used`, ascending; no two touch.
  private var free: [Range<Int>] = []

  private static let hugePage = 2 << 20
  /// Opened at a time.
  private static let stride = 16 * hugePage
  /// Left to everybody else on the machine.
  private static let spare = 2 * hugePage

  /// Sets aside more addresses than the machine has memory, which costs nothing. Where the process may
  /// not have so many, half of what others do not need.
  init?(atLeast bytes: Int) {
    let least = bytes.roundedUp(to: Self.stride) + Self.hugePage
    var size = max(least, 2 * sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE)))
    if let left = AvailableMemory.limits {
      let room = left.bytes - OpenBLASMemory.reserve
      guard room >= least else { return nil }
      size = min(size, max(least, room / 2))
    }
    while true {
      let memory = mmap(nil, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
      if let memory, memory != MAP_FAILED {
        let address = Int(bitPattern: memory)
        let aligned = address.roundedUp(to: Self.hugePage)
        start = memory + (aligned - address)
        capacity = size - (aligned - address)
        madvise(start, capacity, MADV_HUGEPAGE)
        return
      }
      guard size > least else { return nil }
      size = max(least, size / 4)
    }
  }

  var freeBytes: Int { free.reduce(0) { $0 + $1.count } }

  func contains(_ address: UnsafeMutableRawPointer) -> Bool {
    (start..<start + capacity).contains(address)
  }

  /// The smallest free place that is large enough, the lowest of equal ones; nil where there is none.
  mutating func take(_ bytes: Int) -> UnsafeMutableRawPointer? {
    if let index = smallestFit(bytes) {
      let place = free[index]
      if place.count == bytes {
        free.remove(at: index)
      } else {
        free[index] = place.lowerBound + bytes..<place.upperBound
      }
      return start + place.lowerBound
    }
    return extend(by: bytes)
  }

  private func smallestFit(_ bytes: Int) -> Int? {
    var best: Int?
    for (index, place) in free.enumerated() where place.count >= bytes {
      if best.map({ place.count < free[$0].count }) ?? true { best = index }
    }
    return best
  }

  /// Uses what was never used, and what is free right before it.
  private mutating func extend(by bytes: Int) -> UnsafeMutableRawPointer? {
    let isLastFree = free.last?.upperBound == used
    let from = isLastFree ? free.last!.lowerBound : used
    let end = from + bytes
    guard end <= capacity else { return nil }
    if end > opened {
      let open = min(capacity, end.roundedUp(to: Self.stride))
      // The system gives pages that it does not have, and kills who uses them.
      if let left = AvailableMemory.pages, left.bytes < open - opened + Self.spare { return nil }
      if let left = AvailableMemory.data, left.bytes < open - opened + OpenBLASMemory.reserve {
        return nil
      }
      guard mprotect(start + opened, open - opened, PROT_READ | PROT_WRITE) == 0 else { return nil }
      opened = open
    }
    if isLastFree { free.removeLast() }
    used = end
    return start + from
  }

  /// Joins the block with its free neighbours.
  mutating func give(_ block: UnsafeMutableRawPointer, _ bytes: Int) {
    let from = block - start
    var place = from..<from + bytes
    let next = free.firstIndexAscending { $0.lowerBound > from }
    var replaced = next..<next
    if next < free.count, free[next].lowerBound == place.upperBound {
      place = place.lowerBound..<free[next].upperBound
      replaced = replaced.lowerBound..<next + 1
    }
    if next > 0, free[next - 1].upperBound == place.lowerBound {
      place = free[next - 1].lowerBound..<place.upperBound
      replaced = next - 1..<replaced.upperBound
    }
    free.replaceSubrange(replaced, with: CollectionOfOne(place))
  }
}

extension Array {
  /// The first index from which `isBeyond` holds, by halving; the end where it never does.
  fileprivate func firstIndexAscending(where isBeyond: (Element) -> Bool) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if isBeyond(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
