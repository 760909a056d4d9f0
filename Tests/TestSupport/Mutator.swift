import Foundation

/// Damages files the way disks, networks, editors and other programs do: bits, bytes and numbers
/// change, parts go missing or come twice. What it does follows from the seed alone.
public struct Mutator {
  private var state: UInt64

  public init(seed: UInt64) { state = seed }

  /// Numbers at the edges of types, and what else may stand where a number should.
  private static let values: [String] = [
    "0", "-0", "1", "-1", "0.5", "1.0", "255", "256", "65535", "65536", "2147483647", "2147483648",
    "-2147483649", "4294967295", "4294967296", "1000000000", "9007199254740993",
    "9223372036854775807", "9223372036854775808", "-9223372036854775808", "18446744073709551616",
    "1e9", "1e18", "1e19", "1e308", "-1e308", "1e400", "1e-400", "5e-324", "NaN", "nan", "inf",
    "Infinity", "-Infinity", "0x10", "null", "true", "\"\"", "\"7\"", "[]", "{}", "",
  ]
  private static let marks =
    Array("{}[]()<>,:;\"'\\/-+.0e9 \n\r\t\0&%#~".utf8) + [0x7F, 0x80, 0xC3, 0xFF]

  /// `bytes` with one to four changes.
  public mutating func damaged(_ bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    for _ in 0...below(4) { damage(&bytes) }
    return bytes
  }

  private mutating func damage(_ bytes: inout [UInt8]) {
    guard !bytes.isEmpty else {
      bytes = [UInt8(below(256))]
      return
    }
    let place = below(bytes.count)
    let part = place..<min(bytes.count, place + 1 + below(below(4) == 0 ? 200 : 12))
    switch below(10) {
    case 0: bytes[place] ^= 1 << UInt8(below(8))
    case 1: bytes[place] = UInt8(below(256))
    case 2: bytes[place] = Self.marks[below(Self.marks.count)]
    case 3: bytes.insert(Self.marks[below(Self.marks.count)], at: place)
    case 4: bytes.removeSubrange(part)
    case 5: bytes.insert(contentsOf: bytes[part], at: below(bytes.count + 1))
    case 6: bytes.removeSubrange(place...)
    default: swapNumber(in: &bytes, near: place)
    }
  }

  /// Puts another value where the first number from `place` on stands.
  private mutating func swapNumber(in bytes: inout [UInt8], near place: Int) {
    func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
    guard let start = bytes[place...].firstIndex(where: isDigit) ?? bytes.firstIndex(where: isDigit)
    else { return }
    let end =
      bytes[start...].firstIndex { !isDigit($0) && $0 != UInt8(ascii: ".") } ?? bytes.endIndex
    bytes.replaceSubrange(start..<end, with: Self.values[below(Self.values.count)].utf8)
  }

  /// A number in 0..<count (Steele, Lea and Flood's SplitMix64).
  public mutating func below(_ count: Int) -> Int {
    state &+= 0x9E37_79B9_7F4A_7C15
    var bits = state
    bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
    return Int((bits ^ (bits >> 31)) % UInt64(count))
  }
}

/// Calls a reader with damaged inputs, for as long as a share of `seconds` lasts.
public enum Fuzzing {
  /// Seconds that the fuzz tests of one suite take together: VILD_FUZZ_SECONDS, or 5.
  public static let seconds =
    ProcessInfo.processInfo.environment["VILD_FUZZ_SECONDS"].flatMap(Double.init) ?? 5

  /// Where VILD_FUZZ_KEEP names a folder, each input is written there before it is tried, as
  /// `<name>.fuzz`: what a trap leaves behind.
  private static let kept = ProcessInfo.processInfo.environment["VILD_FUZZ_KEEP"]

  /// - Parameters:
  ///   - share: of `seconds`, in 0...1. At least a hundred rounds are made, however slow the machine.
  ///   - samples: whole inputs, each damaged in turn.
  /// - Returns: how many rounds were made.
  @discardableResult
  public static func run(
    _ name: String, share: Double, samples: [[UInt8]], seed: UInt64 = 1,
    _ body: ([UInt8]) throws -> Void
  ) throws -> Int {
    let end = ProcessInfo.processInfo.systemUptime + share * seconds
    var mutator = Mutator(seed: seed)
    var round = 0
    while round < 100 || ProcessInfo.processInfo.systemUptime < end {
      let input = mutator.damaged(samples[round % samples.count])
      if let kept { try Data(input).write(to: URL(filePath: "\(kept)/\(name).fuzz")) }
      try body(input)
      round += 1
    }
    return round
  }
}
