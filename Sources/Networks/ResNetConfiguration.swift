/// The sizes of a ResNet of bottleneck blocks.
public struct ResNetConfiguration: Hashable, Sendable {
  /// Channels after the stem.
  public var stem: Int
  /// Blocks of each of the four stages.
  public var blocks: [Int]
  /// Channels of the 3x3 convolutions in the first stage; each stage doubles them.
  public var width: Int
  /// Channels that leave a block over those of its 3x3 convolution.
  public var expansion: Int
  /// The norms'.
  public var epsilon: Float

  /// - Parameter blocks: four numbers, each at least 1.
  public init(
    stem: Int = 64, blocks: [Int], width: Int = 64, expansion: Int = 4, epsilon: Float = 1e-5
  ) {
    precondition(blocks.count == 4 && blocks.allSatisfy { $0 > 0 }, "\(blocks) blocks a stage")
    (self.stem, self.blocks, self.width) = (stem, blocks, width)
    (self.expansion, self.epsilon) = (expansion, epsilon)
  }

  public static let resNet50 = ResNetConfiguration(blocks: [3, 4, 6, 3])
  public static let resNet101 = ResNetConfiguration(blocks: [3, 4, 23, 3])
  public static let resNet152 = ResNetConfiguration(blocks: [3, 8, 36, 3])

  /// Channels that leave each stage.
  public var outputs: [Int] { blocks.indices.map { (width << $0) * expansion } }
}
