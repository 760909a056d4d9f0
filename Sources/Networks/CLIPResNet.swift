public import Support
public import Tensors

/// The residual image tower of CLIP's RN50 to RN50x64 (Radford et al., 2021, section 2.4): a stem of
/// three convolutions, bottlenecks that halve maps by averaging, and an attention pool.
///
/// Letters: B images, S side, C channels of the last map, D embedding width.
public struct CLIPResNet: Sendable {
  /// The sizes of the tower.
  public struct Configuration: Hashable, Sendable {
    /// Blocks of each of the four stages.
    public var blocks: [Int]
    /// Channels after the stem, and of the 3x3 convolutions in the first stage.
    public var width: Int
    /// S: width and height of the input in pixels.
    public var imageSize: Int
    /// Heads of the attention pool; they share C evenly.
    public var heads: Int
    /// D
    public var projection: Int

    /// Sizes as they are.
    ///
    /// - Parameters:
    ///   - blocks: four numbers, each at least 1.
    ///   - imageSize: at least 32.
    public init(blocks: [Int], width: Int, imageSize: Int, heads: Int, projection: Int) {
      precondition(blocks.count == 4 && blocks.allSatisfy { $0 > 0 }, "\(blocks) blocks a stage")
      precondition(imageSize >= 32, "images of \(imageSize) pixels")
      (self.blocks, self.width, self.imageSize) = (blocks, width, imageSize)
      (self.heads, self.projection) = (heads, projection)
    }

    /// C
    public var channels: Int { 32 * width }
    /// Cells of the last map.
    public var cells: Int { (imageSize / 32) * (imageSize / 32) }
  }

  /// 1x1, 3x3, where the map is halved the mean of 2x2 cells, 1x1; what comes in is added before
  /// the last activation.
  package struct Bottleneck: Sendable {
    package var reduce, convolve: ConvolutionNorm
    /// Without activation.
    package var expand: ConvolutionNorm
    /// 1x1 of the input, halved first where the output is; without activation.
    package var shortcut: ConvolutionNorm?
    package var halves: Bool

    func callAsFunction(_ x: Variable) -> Variable {
      let inner = expand(halved(convolve(reduce(x))))
      return activate(add(inner, shortcut.map { $0(halved(x)) } ?? x), .relu)
    }

    private func halved(_ x: Variable) -> Variable {
      halves ? avgPool2d(x, kernel: 2, stride: 2) : x
    }

    func folded() -> Bottleneck {
      Bottleneck(
        reduce: reduce.folded(), convolve: convolve.folded(), expand: expand.folded(),
        shortcut: shortcut?.folded(), halves: halves)
    }

    var parameters: [Parameter] {
      [reduce, convolve, expand, shortcut].compactMap { $0 }.flatMap(\.parameters)
    }
  }

  /// The sizes.
  public let configuration: Configuration
  package let stem: [ConvolutionNorm]
  package let blocks: [Bottleneck]
  package let pool: AttentionPool

  /// The last map: [B, S, S, 3] to [B, S / 32, S / 32, C].
  package func map(_ pixels: Variable) -> Variable {
    let stemmed = avgPool2d(stem.reduce(pixels) { $1($0) }, kernel: 2, stride: 2)
    return blocks.reduce(stemmed) { $1($0) }
  }

  /// The same function for inference, every norm folded into its convolution.
  package func folded() -> CLIPResNet {
    CLIPResNet(
      configuration: configuration, stem: stem.map { $0.folded() },
      blocks: blocks.map { $0.folded() }, pool: pool)
  }
}

extension CLIPResNet: CLIPImageTower {
  /// D
  public var width: Int { configuration.projection }

  public var sizes: CLIPConfiguration.Vision { .residual(configuration) }

  public var imageSize: Int { configuration.imageSize }

  public func callAsFunction(_ pixels: Variable) -> Variable {
    precondition(
      pixels.shape.count == 4 && pixels.shape.dropFirst() == [imageSize, imageSize, 3],
      "pixels \(pixels.shape) for an input of \(imageSize)x\(imageSize)")
    return pool(map(pixels))
  }

  /// By the norms' running statistics.
  public func embed(pixels: Tensor) -> Tensor { self(Variable(pixels)).value }

  public var parameters: [Parameter] {
    stem.flatMap(\.parameters) + blocks.flatMap(\.parameters) + pool.parameters
  }

  /// There is no bfloat16.
  public func frozen(precision: Precision) throws(InputError) -> any ImageTower {
    guard precision == .float32 else {
      throw InputError(
        .configuration, "CLIP's residual towers have no \(precision.rawValue)",
        hint: "use precision: float32")
    }
    return FrozenCLIPResNet(self)
  }
}

/// The tower for inference alone, a few pictures at a time on every core.
private struct FrozenCLIPResNet: ImageTower {
  private let tower: CLIPResNet
  /// Pictures that go through the tower together.
  private static let pass = 16

  init(_ tower: CLIPResNet) { self.tower = tower.folded() }

  var width: Int { tower.width }

  func embed(pixels: Tensor) -> Tensor {
    let count = pixels.shape[0]
    let parts = Parallel.map((count + Self.pass - 1) / Self.pass) { part in
      tower.embed(pixels: pixels.rows(part * Self.pass..<min(count, (part + 1) * Self.pass)))
    }
    return parts.isEmpty ? Tensor(zeros: [0, width]) : Tensor(rows: parts)
  }
}
