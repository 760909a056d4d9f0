import CKernels
import Support

/// Depthwise two-dimensional convolution: each channel has its own kernel.
///
/// - Parameters:
///   - x: [B, H, W, C]
///   - weight: [kernel height, kernel width, C], at most 64 taps
///   - bias: [C]
/// - Returns: [B, H', W', C]
public func depthwiseConv2d(
  _ x: Variable, _ weight: Variable, bias: Variable? = nil, stride: Int = 1,
  padding: Padding = .fixed(0), activation: Activation = .identity
) -> Variable {
  let shape = DepthwiseShape(x.shape, weight.shape, stride, padding)
  let fused = activation.derivativeNeedsInput && x.tape != nil ? .identity : activation
  let y = shape.forward(x.value, weight.value, bias?.value, fused)
  let output = Variable.result(y, of: [x, weight] + (bias.map { [$0] } ?? [])) { dy in
    let dz = Kernels.activationGradient(dy, y, fused)
    bias?.accumulate(Kernels.columnSums(dz, channels: shape.channels))
    weight.accumulate(shape.backwardWeight(x.value, dz))
    x.accumulate(shape.backwardInput(dz, weight.value))
  }
  return fused == activation ? output : activate(output, activation)
}

/// The sizes of one depthwise convolution; its loops run over image rows.
struct DepthwiseShape {
  let batch, height, width, channels: Int
  let outHeight, outWidth: Int
  private let native: vild_depthwise

  init(_ x: [Int], _ weight: [Int], _ stride: Int, _ padding: Padding) {
    precondition(x.count == 4 && weight.count == 3, "depthwiseConv2d of \(x) with \(weight)")
    precondition(x[3] == weight[2], "\(x[3]) channels meet a kernel for \(weight[2])")
    precondition(weight[0] * weight[1] <= 64, "kernel \(weight) has more than 64 taps")
    (batch, height, width, channels) = (x[0], x[1], x[2], x[3])
    let (padTop, outHeight) = padding.resolve(input: height, kernel: weight[0], stride: stride)
    let (padLeft, outWidth) = padding.resolve(input: width, kernel: weight[1], stride: stride)
    (self.outHeight, self.outWidth) = (outHeight, outWidth)
    native = vild_depthwise(
      height: height, width: width, channels: channels, kernel_height: weight[0],
      kernel_width: weight[1], stride: stride, pad_top: padTop, pad_left: padLeft,
      out_height: outHeight, out_width: outWidth)
  }

  private init(transposeOf s: DepthwiseShape) {
    (batch, channels) = (s.batch, s.channels)
    (height, width) = (s.outHeight, s.outWidth)
    (outHeight, outWidth) = (s.height, s.width)
    native = vild_depthwise(
      height: height, width: width, channels: channels, kernel_height: s.native.kernel_height,
      kernel_width: s.native.kernel_width, stride: 1,
      pad_top: s.native.kernel_height - 1 - s.native.pad_top,
      pad_left: s.native.kernel_width - 1 - s.native.pad_left, out_height: outHeight,
      out_width: outWidth)
  }

  private var kernelCount: Int { native.kernel_height * native.kernel_width * channels }
  private var inputSize: Int { height * width * channels }
  private var outputSize: Int { outHeight * outWidth * channels }

  func forward(_ x: Tensor, _ weight: Tensor, _ bias: Tensor?, _ activation: Activation) -> Tensor {
    Tensor([batch, outHeight, outWidth, channels]) { y in
      reading(x, weight) { x, weight in
        reading(optional: bias) { bias in
          forEachRow(outHeight) { image, rows in
            var shape = native
            vild_depthwise_forward(
              &shape, x + image * inputSize, weight, bias, y.baseAddress! + image * outputSize,
              rows.lowerBound, rows.count, activation.rawValue)
          }
        }
      }
    }
  }

  func backwardInput(_ dy: Tensor, _ weight: Tensor) -> Tensor {
    if native.stride == 1 && native.pad_top < native.kernel_height
      && native.pad_left < native.kernel_width
    {
      // The gradient is itself a convolution, of `dy` with the kernel turned by 180 degrees.
      let taps = native.kernel_height * native.kernel_width
      let turned = Tensor(weight.shape) { out in
        reading(weight) { weight in
          for tap in 0..<taps {
            (out.baseAddress! + tap * channels).update(
              from: weight + (taps - 1 - tap) * channels, count: channels)
          }
        }
      }
      return DepthwiseShape(transposeOf: self).forward(dy, turned, nil, .identity)
    }
    return Tensor([batch, height, width, channels]) { dx in
      reading(dy, weight) { dy, weight in
        forEachRow(height) { image, rows in
          var shape = native
          vild_depthwise_backward_input(
            &shape, dy + image * outputSize, weight, dx.baseAddress! + image * inputSize,
            rows.lowerBound, rows.count)
        }
      }
    }
  }

  func backwardWeight(_ x: Tensor, _ dy: Tensor) -> Tensor {
    Tensor([native.kernel_height, native.kernel_width, channels]) { dw in
      reading(x, dy) { x, dy in
        BLAS.sumOverPieces(
          batch * outHeight, grain: 4, into: dw.baseAddress!, count: kernelCount
        ) { lines, sum in
          split(lines, by: outHeight) { image, rows in
            var shape = native
            vild_depthwise_backward_weight(
              &shape, x + image * inputSize, dy + image * outputSize, sum, rows.lowerBound,
              rows.count)
          }
        }
      }
    }
  }

  /// Rows of all images, spread over the cores.
  private func forEachRow(_ height: Int, _ body: (_ image: Int, _ rows: Range<Int>) -> Void) {
    Parallel.ranges(batch * height, grain: 4) { split($0, by: height, body) }
  }

  /// Cuts a range of rows, numbered through all images, at the image borders.
  private func split(
    _ lines: Range<Int>, by height: Int, _ body: (_ image: Int, _ rows: Range<Int>) -> Void
  ) {
    var line = lines.lowerBound
    while line < lines.upperBound {
      let image = line / height
      let end = min(lines.upperBound, (image + 1) * height)
      body(image, line - image * height..<end - image * height)
      line = end
    }
  }
}
