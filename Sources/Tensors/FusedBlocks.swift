import CKernels
import Support

/// A convolutional network of inverted residual blocks for inference only: a 3 x 3 stem with stride
/// 2, blocks, and the mean of the last map.
///
/// A block's expansion, depthwise kernel and activations run while a few rows are in the nearest
/// cache; kernels are packed once. An image's numbers depend neither on the others of its batch nor
/// on how many threads there are.
public struct FusedBlocks: Sendable {
  /// A 1x1 convolution or a matrix product.
  public struct Product: Sendable {
    /// [K, N]
    let weight: Tensor
    /// [N]
    let bias: Tensor

    /// - Parameters:
    ///   - weight: N last, the sizes before it multiply to K
    ///   - bias: [N]
    public init(weight: Tensor, bias: Tensor) {
      self.weight = weight.reshaped([-1, bias.count])
      self.bias = bias
    }
  }

  /// What channels are weighed with (Hu et al., 2018).
  public struct Excitation: Sendable {
    let squeeze, excite: Product

    /// From C channels to fewer, activated like the rest, and back to C weights, through a sigmoid.
    public init(squeeze: Product, excite: Product) {
      self.squeeze = squeeze
      self.excite = excite
    }
  }

  /// Expansion, depthwise convolution, channel weights, projection.
  public struct Block: Sendable {
    /// Absent where the input is as wide as the depthwise convolution.
    public var expand: Product?
    /// Of weight [kernel, kernel, C], 3, 5 or 7 wide.
    public var depthwise: Product
    /// 1 or 2
    public var stride: Int
    /// Around the depthwise convolution's input.
    public var padding: Padding
    /// Squeeze-and-excitation, where there is any.
    public var excitation: Excitation?
    /// Not activated.
    public var project: Product
    /// Whether the input is added to the output.
    public var hasSkip: Bool

    /// All parts at once.
    public init(
      expand: Product?, depthwise: Product, stride: Int, padding: Padding,
      excitation: Excitation?, project: Product, hasSkip: Bool
    ) {
      self.expand = expand
      self.depthwise = depthwise
      self.stride = stride
      self.padding = padding
      self.excitation = excitation
      self.project = project
      self.hasSkip = hasSkip
    }
  }

  /// Whether this processor multiplies bfloat16 numbers.
  public static var hasBFloat16: Bool { vild_mbconv_has_bfloat16() != 0 }

  let stem: PackedStem
  let blocks: [PackedBlock]
  let half: Int32
  /// Channels of the last map.
  public let outputs: Int

  /// Packs a network.
  ///
  /// - Parameters:
  ///   - stem: of weight [3, 3, 3, C]: kernel row, kernel column, colour.
  ///   - padding: of the stem.
  ///   - activation: of the stem, the blocks' expansions, depthwise convolutions and squeezes: ReLU,
  ///     ReLU6 or swish.
  ///   - precision: bfloat16 only where `hasBFloat16`; maps between blocks are then bfloat16 too.
  public init(
    stem: Product, padding: Padding, activation: Activation, blocks: [Block], precision: Precision
  ) {
    precondition(precision == .float32 || Self.hasBFloat16, "no bfloat16 on this processor")
    precondition([.relu, .relu6, .swish].contains(activation), "\(activation) between kernels")
    let half: Int32 = precision == .bfloat16 ? 1 : 0
    self.half = half
    self.stem = PackedStem(stem, padding: padding, activation: activation, half: half)
    self.blocks = blocks.map { PackedBlock($0, activation: activation, half: half) }
    outputs = blocks.last?.project.bias.count ?? stem.bias.count
  }

  /// The means of the last map's channels, on all cores.
  ///
  /// - Parameter pixels: [B, H, W, 3]
  /// - Returns: [B, C]
  public func callAsFunction(_ pixels: Tensor) -> Tensor {
    precondition(pixels.shape.count == 4 && pixels.shape[3] == 3, "\(pixels.shape) for pictures")
    let (batch, height, width) = (pixels.shape[0], pixels.shape[1], pixels.shape[2])
    return Tensor([batch, outputs]) { means in
      // Safe: every image writes a row of its own.
      nonisolated(unsafe) let means = means
      reading(pixels) { pixels in
        Parallel.ranges(batch) { images in
          let pass = FusedPass(self, height: height, width: width, images: images.count)
          pass.run(pixels + images.lowerBound * height * width * 3, images.count) {
            image, mean, _ in
            let row = (images.lowerBound + image) * outputs
            for channel in 0..<outputs { means[row + channel] = mean[channel] }
          }
        }
      }
    }
  }

  /// The maps that some blocks make, in bfloat16, the precision of the network; on all cores.
  ///
  /// - Parameters:
  ///   - pixels: [B, H, W, 3]
  ///   - ends: numbers of blocks, ascending.
  /// - Returns: [B, H', W', C'] of each of them.
  package func maps(_ pixels: Tensor, after ends: [Int]) -> [RoundedTensor] {
    precondition(pixels.shape.count == 4 && pixels.shape[3] == 3, "\(pixels.shape) for pictures")
    precondition(half != 0, "maps of \(Precision.float32.rawValue) are not made here")
    let (batch, height, width) = (pixels.shape[0], pixels.shape[1], pixels.shape[2])
    var size = stem.sized(height: height, width: width).outSize
    let shapes = blocks.map { block in
      size = block.sized(height: size.height, width: size.width).outSize
      return [batch, size.height, size.width, block.outputs]
    }
    let maps = ends.map { RoundedTensor(zeros: shapes[$0]) }
    reading(pixels) { pixels in
      Parallel.ranges(batch) { images in
        let pass = FusedPass(self, height: height, width: width, images: 1)
        for image in images {
          pass.run(pixels + image * height * width * 3) { block, map in
            guard let number = ends.firstIndex(of: block) else { return }
            maps[number].fill(image, from: map, stride: blocks[block].outputs.roundedUp(to: 16))
          }
        }
      }
    }
    return maps
  }
}

extension vild_stem {
  fileprivate var outSize: (height: Int, width: Int) { (out_height, out_width) }
}

extension vild_mbconv {
  fileprivate var outSize: (height: Int, width: Int) { (out_height, out_width) }
}
