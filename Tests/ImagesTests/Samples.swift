import Foundation
import Images

/// A small reproducible generator (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

extension Image {
  /// Noise: every level of every channel is equally likely.
  static func noise(_ width: Int, _ height: Int, seed: UInt64) -> Image {
    var generator = SeededGenerator(seed)
    let pixels = (0..<width * height * 3).map { _ in UInt8.random(in: 0...255, using: &generator) }
    return Image(width: width, height: height, pixels: pixels)
  }

  /// Smooth colour with an edge, as JPEG likes it.
  static func photo(_ width: Int, _ height: Int) -> Image {
    var image = Image(width: width, height: height)
    for y in 0..<height {
      for x in 0..<width {
        image[x, y] = Color(
          UInt8(x * 255 / width), UInt8(y * 255 / height), x > y ? 200 : 40)
      }
    }
    return image
  }

  /// Every pixel's channels counted from 0, so that no two pixels are alike.
  static func counted(_ width: Int, _ height: Int) -> Image {
    precondition(width * height * 3 <= 256)
    return Image(
      width: width, height: height, pixels: (0..<width * height * 3).map { UInt8($0) })
  }

  /// The largest difference of a level; nil when the sizes differ.
  func distance(to other: Image) -> Int? {
    guard width == other.width, height == other.height else { return nil }
    return zip(pixels, other.pixels).map { abs(Int($0) - Int($1)) }.max()
  }
}

/// A JPEG with a side segment put right after its start.
func inserting(segment marker: UInt8, _ body: [UInt8], into jpeg: Data) -> Data {
  let length = body.count + 2
  return jpeg.prefix(2) + [0xFF, marker, UInt8(length >> 8), UInt8(length & 255)] + body
    + jpeg.dropFirst(2)
}

/// A TIFF structure with one entry, the orientation.
func tiff(orientation: UInt16, littleEndian: Bool = true, type: UInt16 = 3) -> [UInt8] {
  func two(_ value: UInt16) -> [UInt8] {
    let bytes = [UInt8(value & 255), UInt8(value >> 8)]
    return littleEndian ? bytes : bytes.reversed()
  }
  func four(_ value: UInt16) -> [UInt8] {
    littleEndian ? two(value) + [0, 0] : [0, 0] + two(value)
  }
  let value = type == 3 ? two(orientation) + [0, 0] : four(orientation)
  return Array((littleEndian ? "II" : "MM").utf8) + two(42) + four(8)
    + two(1) + two(0x0112) + two(type) + four(1) + value + four(0)
}
