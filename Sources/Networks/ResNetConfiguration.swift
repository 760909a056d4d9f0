/// The sizes of a ResNet.
public struct ResNetConfiguration: Hashable, Sendable {
  /// What a stage is made of.
  public enum Block: Hashable, Sendable {
    /// Two 3x3 convolutions.
    case basic
    /// 1x1 to fewer channels, 3x3, 1x1 to four times as many.
    case bottleneck
  }

  /// Channels after the stem.
  public var stem: Int
  public var block: Block
  /// Blocks of each of the four stages.
  public var blocks: [Int]
  /// Channels of the 3x3 convolutions in the first stage; each stage doubles them.
  public var width: Int
  /// The norms'.
  public var epsilon: Float
  /// Whether the stride of a stage is on the first convolution of its first block: the 1x1 one of a
  /// bottleneck, as He et al. have it, where torchvision has it on the 3x3 one.
  public var stridesFirst = false

  /// - Parameter blocks: four numbers, each at least 1.
  public init(
    stem: Int = 64, block: Block = .bottleneck, blocks: [Int], width: Int = 64,
    epsilon: Float = 1e-5
  ) {
    precondition(blocks.count == 4 && blocks.allSatisfy { $0 > 0 }, "\(blocks) blocks a stage")
    (self.stem, self.block, self.blocks) = (stem, block, blocks)
    (self.width, self.epsilon) = (width, epsilon)
  }

  public static let resNet18 = ResNetConfiguration(block: .basic, blocks: [2, 2, 2, 2])
  public static let resNet34 = ResNetConfiguration(block: .basic, blocks: [3, 4, 6, 3])
  public static let resNet50 = ResNetConfiguration(blocks: [3, 4, 6, 3])
  public static let resNet101 = ResNetConfiguration(blocks: [3, 4, 23, 3])
  public static let resNet152 = ResNetConfiguration(blocks: [3, 8, 36, 3])

  /// The same network with every part narrower, or wider, in proportion: `width` channels where a
  /// published network has 64.
  public func with(width: Int) -> ResNetConfiguration {
    var copy = self
    (copy.stem, copy.width) = (width, width)
    return copy
  }

  /// Channels that leave each stage.
  public var outputs: [Int] {
    blocks.indices.map { (width << $0) * (block == .bottleneck ? 4 : 1) }
  }
}
