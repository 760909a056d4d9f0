import CKernels
import Support

/// A 3x3 convolution with stride 1 by Winograd's minimal filtering: a quarter of the multiplications,
/// at a rounding error of about ten times that of plain sums, 2e-6 of the largest output.
///
/// Why not oneDNN: on the 3x3 convolutions of an R50-FPN at 640 pixels, with AVX2, one thread, oneDNN
/// 2.6 takes 1.5 to 2.4 times as long in its own blocked layout, and 2 to 10 times as long on channels
/// last; gathered patches with OpenBLAS take 1.7 to 3.3 times as long. Only with 20 x 20 cells of 512
/// channels, where bringing the kernel to the points weighs as much as the products, is oneDNN
/// level, or up to a quarter faster.
struct WinogradConvolution {
  let sizes: vild_winograd
  private let tiles: Int
  private static let points = 36

  /// - Parameter shape: one that `isWorthwhile`.
  init(_ shape: ConvolutionShape) {
    sizes = vild_winograd(
      height: shape.height, width: shape.width, channels: shape.channels,
      out_height: shape.outHeight, out_width: shape.outWidth, out_channels: shape.outChannels,
      pad_top: shape.padTop, pad_left: shape.padLeft)
    tiles = Self.tiles(of: shape)
  }

  /// Whether there are enough tiles to pay for bringing the kernel to the points.
  static func isWorthwhile(_ shape: ConvolutionShape) -> Bool {
    shape.kernelHeight == 3 && shape.kernelWidth == 3 && shape.stride == 1
      && shape.channels % 16 == 0 && shape.outChannels % 16 == 0 && shape.channels > 0
      && shape.outChannels > 0 && tiles(of: shape) >= 16
  }

  private static func tiles(of shape: ConvolutionShape) -> Int {
    shape.batch * ((shape.outHeight + 3) / 4) * ((shape.outWidth + 3) / 4)
  }

  private var inputs: Int { sizes.channels }
  private var outputs: Int { sizes.out_channels }

  /// - Parameters:
  ///   - y: [B, H', W', C']
  ///   - weight: [3, 3, C, C'], or with `transposed` [3, 3, C', C] turned by 180 degrees.
  ///   - activation: identity, ReLU or ReLU6.
  func forward(
    _ x: UnsafePointer<Float>, weight: UnsafePointer<Float>, transposed: Bool = false,
    bias: UnsafePointer<Float>?, activation: Activation, into y: UnsafeMutablePointer<Float>
  ) {
    let kernel = Buffer(count: Self.points * inputs * outputs)
    let (rows, columns) = transposed ? (outputs, inputs) : (inputs, outputs)
    withExtendedLifetime(kernel) {
      Parallel.ranges(rows, grain: 8) { range in
        vild_winograd_kernel(
          weight, kernel.base, rows, columns, range.lowerBound, range.upperBound,
          transposed ? 1 : 0)
      }
      let width = inputs + outputs
      forEachBlock(most: Self.most(width), width: width) { tile, count, scratch in
        let m = scratch + Self.points * count * (inputs + Int(VILD_WINOGRAD_GAP))
        withUnsafePointer(to: sizes) { sizes in
          vild_winograd_input(sizes, x, scratch, tile, count, 0, inputs)
          vild_winograd_products(scratch, kernel.base, m, count, inputs, outputs)
          vild_winograd_output(sizes, m, bias, y, tile, count, activation.rawValue)
        }
      }
    }
  }

  /// - Parameter dw: [3, 3, C, C']
  func backwardWeight(
    _ x: UnsafePointer<Float>, _ dy: UnsafePointer<Float>, into dw: UnsafeMutablePointer<Float>
  ) {
    let plane = inputs * outputs
    let gradient = Buffer(count: Self.points * plane)
    withExtendedLifetime(gradient) {
      let sum = gradient.base
      if plane > 1 << 14 {
        // A large kernel: the cores share out its inputs, and each goes over all tiles.
        sum.update(repeating: 0, count: gradient.count)
        Parallel.ranges(inputs / 16) { range in
          add(
            x, dy, tiles: 0..<tiles, channels: 16 * range.lowerBound..<16 * range.upperBound,
            to: sum)
        }
      } else {
        BLAS.sumOverPieces(tiles, grain: 16, into: sum, count: gradient.count) { range, sum in
          add(x, dy, tiles: range, channels: 0..<inputs, to: sum)
        }
      }
      Parallel.ranges(inputs, grain: 8) { range in
        vild_winograd_kernel_gradient(
          sum, dw, inputs, outputs, range.lowerBound, range.upperBound)
      }
    }
  }

  /// Adds what some tiles say of some input channels to the gradient [36, C, C'] at the points.
  private func add(
    _ x: UnsafePointer<Float>, _ dy: UnsafePointer<Float>, tiles: Range<Int>, channels: Range<Int>,
    to sum: UnsafeMutablePointer<Float>
  ) {
    let width = channels.count + outputs
    blocks(tiles, most: Self.most(width), width: width) { tile, count, scratch in
      let m = scratch + Self.points * count * (channels.count + Int(VILD_WINOGRAD_GAP))
      withUnsafePointer(to: sizes) { sizes in
        vild_winograd_input(sizes, x, scratch, tile, count, channels.lowerBound, channels.count)
        vild_winograd_output_gradient(sizes, dy, m, tile, count)
      }
      vild_winograd_outer_products(
        scratch, m, sum + channels.lowerBound * outputs, inputs * outputs, count, channels.count,
        outputs)
    }
  }

  /// So many tiles that `width` numbers of each at all points stay in the caches.
  private static func most(_ width: Int) -> Int {
    min(max(12, (1 << 20) / (points * width) / 12 * 12), 96)
  }

  /// Shares out all tiles, at most `most` at once, each with memory for `width` numbers at all points.
  func forEachBlock(
    most: Int, width: Int,
    _ body: (_ tile: Int, _ count: Int, UnsafeMutablePointer<Float>) -> Void
  ) {
    Parallel.ranges(tiles, grain: 6) { range in blocks(range, most: most, width: width, body) }
  }

  private func blocks(
    _ range: Range<Int>, most size: Int, width: Int,
    _ body: (_ tile: Int, _ count: Int, UnsafeMutablePointer<Float>) -> Void
  ) {
    let scratch = Buffer(
      count: Self.points * min(size, range.count) * (width + 2 * Int(VILD_WINOGRAD_GAP)))
    withExtendedLifetime(scratch) {
      for tile in stride(from: range.lowerBound, to: range.upperBound, by: size) {
        body(tile, min(size, range.upperBound - tile), scratch.base)
      }
    }
  }
}
