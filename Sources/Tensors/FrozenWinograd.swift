import CKernels
import Support

/// `WinogradConvolution` for inference in bfloat16: the kernel stands at the points, rounded there as
/// the input's values are; all else is float32.
///
/// Rounding at the points costs about 1 % of a result's size, where a plain sum of rounded products costs
/// 0.2 %; the products are a quarter.
struct FrozenWinograd: Sendable {
  private static let points = 36

  /// One a point.
  private let products: [FrozenProduct]
  private let zeros: Tensor

  /// Whether a kernel can be brought to the points, and has so many channels that this pays: with fewer
  /// the transforms cost about what they save, and rounding at the points is for nothing.
  static func isWorthwhile(_ weight: [Int], stride: Int, _ activation: Activation) -> Bool {
    weight[0] == 3 && weight[1] == 3 && stride == 1 && weight[2] % 16 == 0 && weight[3] % 16 == 0
      && min(weight[2], weight[3]) >= 128 && [.identity, .relu, .relu6].contains(activation)
  }

  /// Whether an image has enough tiles to pay for reading the kernel at all points: as many as a region
  /// of 7 x 7 cells. However many images there are, each goes the same way.
  static func isWorthwhile(_ shape: ConvolutionShape) -> Bool {
    shape.outHeight * shape.outWidth >= 49
  }

  /// - Parameter weight: [3, 3, C, C']
  init(weight: Tensor) {
    let (inputs, outputs) = (weight.shape[2], weight.shape[3])
    let plane = inputs * outputs
    let packed = Tensor([Self.points, outputs / 16, inputs, 16]) { u in
      reading(weight) { weight in
        Parallel.ranges(inputs, grain: 8) { rows in
          vild_winograd_kernel(
            weight, u.baseAddress!, inputs, outputs, rows.lowerBound, rows.upperBound, 0)
        }
      }
    }
    products = packed.withElements { u in
      (0..<Self.points).map { point in
        let matrix = Tensor([inputs, outputs]) { matrix in
          for output in 0..<outputs {
            let from = u.baseAddress! + point * plane + output / 16 * inputs * 16 + output % 16
            for input in 0..<inputs { matrix[input * outputs + output] = from[16 * input] }
          }
        }
        return FrozenProduct(matrix, rows: 0..<inputs)
      }
    }
    zeros = Tensor(zeros: [outputs.roundedUp(to: 64)])
  }

  /// - Parameters:
  ///   - skip: like `y`, added before the activation.
  ///   - activation: identity, ReLU or ReLU6.
  ///   - y: [B, H', W', C']
  func forward(
    _ shape: ConvolutionShape, _ x: UnsafePointer<UInt16>, bias: UnsafePointer<Float>,
    skip: UnsafePointer<UInt16>?, _ activation: Activation, into y: UnsafeMutablePointer<UInt16>
  ) {
    let winograd = WinogradConvolution(shape)
    let (inputs, outputs) = (shape.channels, shape.outChannels)
    let gap = Int(VILD_WINOGRAD_GAP)
    // Values of inputs and outputs, in floats.
    let width = inputs / 2 + outputs
    winograd.forEachBlock(most: max(12, (3 << 17) / (Self.points * width) / 6 * 6), width: width) {
      tile, count, scratch in
      let v = UnsafeMutableRawPointer(scratch).assumingMemoryBound(to: UInt16.self)
      let m = scratch + Self.points * (count * inputs + gap) / 2
      withUnsafePointer(to: winograd.sizes) { sizes in
        vild_winograd_input_bfloat(sizes, x, v, tile, count)
        reading(zeros) { zeros in
          for (point, product) in products.enumerated() {
            product.multiply(
              v + point * (count * inputs + gap), count, inputs, zeros, nil, .identity,
              into: m + point * (count * outputs + gap), VILD_FLOAT)
          }
        }
        vild_winograd_output_bfloat(sizes, m, bias, skip, y, tile, count, activation.rawValue)
      }
    }
  }
}
