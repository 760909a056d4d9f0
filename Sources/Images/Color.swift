import Foundation

/// A colour of 8 bits a channel.
public struct Color: Sendable, Equatable {
  /// 0 ... 255.
  public var red: UInt8
  /// 0 ... 255.
  public var green: UInt8
  /// 0 ... 255.
  public var blue: UInt8

  /// Red, green and blue, 0 ... 255 each.
  public init(_ red: UInt8, _ green: UInt8, _ blue: UInt8) {
    self.red = red
    self.green = green
    self.blue = blue
  }

  /// No light.
  public static let black = Color(0, 0, 0)
  /// All light.
  public static let white = Color(255, 255, 255)

  /// A colour for category `index`, far from those of nearby indices: hues a golden angle apart,
  /// in three strengths.
  ///
  /// - Parameter index: any number; negative ones have colours too.
  public static func distinct(_ index: Int) -> Color {
    let goldenRatio = 0.618_033_988_749_895
    let position = Double(index) * goldenRatio
    let hue = (position - position.rounded(.down)) * 6
    let strength = ((index % 3) + 3) % 3
    let saturation = [0.9, 0.65, 0.8][strength]
    let value = [0.95, 0.95, 0.7][strength]
    /// How much of a channel is left, by its hue's distance round the circle of six.
    func channel(_ peak: Double) -> UInt8 {
      let apart = abs(hue - peak).truncatingRemainder(dividingBy: 6)
      let missing = min(max(min(apart, 6 - apart) - 1, 0), 1)
      return UInt8((255 * value * (1 - saturation * missing)).rounded())
    }
    return Color(channel(0), channel(2), channel(4))
  }

  /// Black or white, whichever reads better on this colour (Rec. 601 luma).
  public var contrasting: Color {
    299 * Int(red) + 587 * Int(green) + 114 * Int(blue) > 140_000 ? .black : .white
  }
}
