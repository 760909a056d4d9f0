import CKernels
import Support

/// A convolution for inference in bfloat16: kernel rounded and packed once, products summed in
/// float32, bias, skip connection and activation on the way.
///
/// A result depends neither on the other images of a batch nor on how many threads there are.
public struct FrozenConvolution: Sendable {
  private let weightShape: [Int]
  private let stride: Int
  private let padding: Padding
  private let activation: Activation
  private let products: [FrozenProduct]
  /// [C'], filled up with zeros to a multiple of 64.
  private let bias: Tensor
  private let winograd: FrozenWinograd?

  /// - Parameters:
  ///   - weight: [kernel height, kernel width, C, C']
  ///   - bias: [C']
  ///   - activation: any but the sigmoid.
  public init(
    weight: Tensor, bias: Tensor?, stride: Int = 1, padding: Padding = .fixed(0),
    activation: Activation = .identity
  ) {
    precondition(weight.shape.count == 4 && activation != .sigmoid, "\(weight.shape) \(activation)")
    let outputs = weight.shape[3]
    (weightShape, self.stride, self.padding) = (weight.shape, stride, padding)
    self.activation = activation
    self.bias = Tensor([outputs.roundedUp(to: 64)]) { out in
      out.initialize(repeating: 0)
      bias?.withElements { _ = out.update(fromContentsOf: $0) }
    }
    products = FrozenProduct.slices(of: weight.reshaped([-1, outputs]))
    winograd =
      FrozenWinograd.isWorthwhile(weight.shape, stride: stride, activation)
      ? FrozenWinograd(weight: weight) : nil
  }

  /// - Parameters:
  ///   - x: [B, H, W, C]
  ///   - skip: [B, H', W', C'], added before `last`
  ///   - last: applied at the end; the convolution has no activation of its own then, nor with `skip`.
  /// - Returns: [B, H', W', C']
  package func callAsFunction(
    _ x: RoundedTensor, adding skip: RoundedTensor? = nil, then last: Activation = .identity
  ) -> RoundedTensor {
    precondition((skip == nil && last == .identity) || activation == .identity)
    let shape = ConvolutionShape(x.shape, weightShape, stride, padding)
    let activation = last == .identity ? activation : last
    precondition(skip == nil || skip!.shape == shape.result, "cannot add to \(shape.result)")
    return RoundedTensor(shape.result) { y in
      x.reading { x in
        skip.reading { skip in
          if let winograd, FrozenWinograd.isWorthwhile(shape) {
            reading(bias) { winograd.forward(shape, x, bias: $0, skip: skip, activation, into: y) }
          } else {
            run(shape, x, skip: skip, activation, into: y, VILD_BFLOAT)
          }
        }
      }
    }
  }

  /// In float32, as the last layer before boxes, scores or embeddings.
  package func float32(_ x: RoundedTensor) -> Tensor {
    let shape = ConvolutionShape(x.shape, weightShape, stride, padding)
    return Tensor(shape.result) { y in
      x.reading { run(shape, $0, skip: nil, activation, into: y.baseAddress!, VILD_FLOAT) }
    }
  }

  /// - Parameter y: numbers of `output`, bfloat16 or float32.
  private func run(
    _ shape: ConvolutionShape, _ x: UnsafePointer<UInt16>, skip: UnsafePointer<UInt16>?,
    _ activation: Activation, into y: UnsafeMutableRawPointer, _ output: vild_output
  ) {
    let width = shape.outChannels
    // Safe: every cell is written by one thread.
    nonisolated(unsafe) let y = y
    func multiply(_ cells: Range<Int>, _ rows: UnsafePointer<UInt16>, stride: Int) {
      let start = cells.lowerBound * width
      reading(bias) { bias in
        FrozenProduct.multiply(
          products, rows, count: cells.count, stride: stride, bias: bias,
          skip: skip.map { $0 + start }, activation,
          into: y + start * (output == VILD_FLOAT ? 4 : 2),
          output)
      }
    }
    if shape.isPointwise {
      Parallel.ranges(shape.cells, grain: 6) { cells in
        multiply(cells, x + cells.lowerBound * shape.channels, stride: shape.channels)
      }
    } else if shape.picksCells {
      // Cells of a row are equally far apart.
      Parallel.ranges(shape.batch * shape.outHeight) { lines in
        for line in lines {
          let (image, row) = line.quotientAndRemainder(dividingBy: shape.outHeight)
          let start = (image * shape.height + row * shape.stride) * shape.width * shape.channels
          multiply(
            line * shape.outWidth..<(line + 1) * shape.outWidth, x + start,
            stride: shape.stride * shape.channels)
        }
      }
    } else {
      Parallel.ranges(shape.cells, grain: 6) { range in
        let tile = max(24, min(1024, (1 << 18) / max(1, shape.patch)))
        let scratch = Buffer(count: (min(tile, range.count) * shape.patch + 1) / 2)
        withExtendedLifetime(scratch) {
          let patches = UnsafeMutableRawPointer(scratch.base).assumingMemoryBound(to: UInt16.self)
          for start in Swift.stride(from: range.lowerBound, to: range.upperBound, by: tile) {
            let cells = start..<min(start + tile, range.upperBound)
            shape.gather(x, cells, into: patches)
            multiply(cells, patches, stride: shape.patch)
          }
        }
      }
    }
  }
}

extension ConvolutionShape {
  var result: [Int] { [batch, outHeight, outWidth, outChannels] }

  /// Each output sees one cell of the input.
  fileprivate var picksCells: Bool {
    kernelHeight == 1 && kernelWidth == 1 && padTop == 0 && padLeft == 0
  }
}
