/// A small random generator whose whole state is one number, so that a checkpoint can hold it and
/// a run can be repeated: SplitMix64 (Steele, Lea, Flood, 2014).
///
/// Not for secrets.
public struct SeededGenerator: RandomNumberGenerator, Codable, Hashable, Sendable {
  /// Where the sequence stands; a generator with the same state gives the same numbers.
  public private(set) var state: UInt64

  /// The sequence of `seed`.
  public init(seed: UInt64) { state = seed }

  /// One of many unrelated sequences of one seed: an epoch's, an image's, a worker's.
  public init(seed: UInt64, stream: UInt64) {
    state = Self.mix(seed &+ Self.mix(stream &+ Self.step))
  }

  /// The next 64 uniformly random bits.
  public mutating func next() -> UInt64 {
    state &+= Self.step
    return Self.mix(state)
  }

  /// A uniform number in 0..<1, a multiple of 2^-53.
  public mutating func nextUniform() -> Double { Double(next() >> 11) * 0x1p-53 }

  private static let step: UInt64 = 0x9E37_79B9_7F4A_7C15

  private static func mix(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
