/// A pseudo-random order of `0 ..< count`, computed place by place: no list is shuffled or kept.
///
/// A Feistel network over the next even number of bits; places that fall outside the range walk
/// the cycle until they are back (under four rounds on average). O(1) memory, the same on every
/// machine.
public struct KeyedPermutation: Equatable, Sendable {
  /// Number of places, and of elements.
  public let count: Int
  private let keys: [UInt64]
  private let halfBits: UInt64

  /// - Parameters:
  ///   - key: each gives another order.
  ///   - count: at least 1.
  public init(key: UInt64, count: Int) {
    precondition(count > 0)
    self.count = count
    var bits = UInt64(Int.bitWidth - (count - 1).leadingZeroBitCount)
    bits += bits & 1
    halfBits = max(1, bits / 2)
    keys = (0..<6).map { Self.mix(key &+ $0 &* 0x9E37_79B9_7F4A_7C15) }
  }

  /// The element at place `index`, which is in `0 ..< count`.
  public subscript(index: Int) -> Int {
    precondition(index >= 0 && index < count)
    var value = UInt64(index)
    repeat { value = scramble(value) } while value >= UInt64(count)
    return Int(value)
  }

  private func scramble(_ value: UInt64) -> UInt64 {
    let mask = (1 << halfBits) - 1 as UInt64
    var (left, right) = (value >> halfBits, value & mask)
    for key in keys { (left, right) = (right, left ^ (Self.mix(right ^ key) & mask)) }
    return left << halfBits | right
  }

  /// The finaliser of SplitMix64: every bit of the input moves half the bits of the output.
  package static func mix(_ value: UInt64) -> UInt64 {
    var bits = value &+ 0x9E37_79B9_7F4A_7C15
    bits = (bits ^ bits >> 30) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ bits >> 27) &* 0x94D0_49BB_1331_11EB
    return bits ^ bits >> 31
  }
}
