import CKernels
import Support

/// How many rows and columns of zeros stand around the input of a convolution.
public enum Padding: Sendable, Equatable {
  /// The same on all four sides.
  case fixed(Int)
  /// Above and on the left, and below and on the right.
  case sides(before: Int, after: Int)
  /// TensorFlow's "SAME": output = ceil(input / stride), the odd zero at the bottom and right.
  case same

  /// Zeros before and output size along one axis.
  public func resolve(input: Int, kernel: Int, stride: Int) -> (before: Int, output: Int) {
    switch self {
    case .fixed(let pad):
      return Padding.sides(before: pad, after: pad)
        .resolve(input: input, kernel: kernel, stride: stride)
    case .sides(let before, let after):
      let room = input + before + after - kernel
      return (before, room < 0 ? 0 : room / stride + 1)
    case .same:
      let output = (input + stride - 1) / stride
      return (max(0, (output - 1) * stride + kernel - input) / 2, output)
    }
  }
}

/// Two-dimensional convolution with an optional bias and activation.
///
/// - Parameters:
///   - x: [B, H, W, C]
///   - weight: [kernel height, kernel width, C, C']
///   - bias: [C']
/// - Returns: [B, H', W', C']
public func conv2d(
  _ x: Variable, _ weight: Variable, bias: Variable? = nil, stride: Int = 1,
  padding: Padding = .fixed(0), activation: Activation = .identity
) -> Variable {
  let shape = ConvolutionShape(x.shape, weight.shape, stride, padding)
  // Activations whose derivative needs their input are applied apart from the product.
  let fused = activation.derivativeNeedsInput && x.tape != nil ? .identity : activation
  let y = shape.forward(x.value, weight.value, bias?.value, fused)
  let output = Variable.result(y, of: [x, weight] + (bias.map { [$0] } ?? [])) { dy in
    let dz = Kernels.activationGradient(dy, y, fused)
    bias?.accumulate(Kernels.columnSums(dz, channels: shape.outChannels))
    weight.accumulate(shape.backwardWeight(x.value, dz))
    x.accumulate(shape.backwardInput(dz, weight.value))
  }
  return fused == activation ? output : activate(output, activation)
}

/// `x weight + bias`, then an activation.
///
/// - Parameters:
///   - x: [..., K]
///   - weight: [K, N], the transpose of PyTorch's
///   - bias: [N]
public func linear(
  _ x: Variable, _ weight: Variable, bias: Variable? = nil, activation: Activation = .identity
) -> Variable {
  let width = weight.shape[0]
  let flat = reshape(x, [x.shape.dropLast().reduce(1, *), 1, 1, width])
  let kernel = reshape(weight, [1, 1] + weight.shape)
  let y = conv2d(flat, kernel, bias: bias, activation: activation)
  return reshape(y, x.shape.dropLast() + [weight.shape[1]])
}

/// The sizes of one convolution, and its three products.
struct ConvolutionShape {
  let batch, height, width, channels: Int
  let kernelHeight, kernelWidth, outChannels: Int
  let stride: Int
  let padTop, padLeft, outHeight, outWidth: Int

  init(_ x: [Int], _ weight: [Int], _ stride: Int, _ padding: Padding) {
    precondition(x.count == 4 && weight.count == 4, "conv2d of \(x) with \(weight)")
    precondition(x[3] == weight[2], "\(x[3]) channels meet a kernel for \(weight[2])")
    (batch, height, width, channels) = (x[0], x[1], x[2], x[3])
    (kernelHeight, kernelWidth, outChannels) = (weight[0], weight[1], weight[3])
    self.stride = stride
    (padTop, outHeight) = padding.resolve(input: height, kernel: kernelHeight, stride: stride)
    (padLeft, outWidth) = padding.resolve(input: width, kernel: kernelWidth, stride: stride)
  }

  private init(transposeOf s: ConvolutionShape) {
    batch = s.batch
    (height, width, channels) = (s.outHeight, s.outWidth, s.outChannels)
    (kernelHeight, kernelWidth, outChannels) = (s.kernelHeight, s.kernelWidth, s.channels)
    stride = 1
    (padTop, padLeft) = (s.kernelHeight - 1 - s.padTop, s.kernelWidth - 1 - s.padLeft)
    (outHeight, outWidth) = (s.height, s.width)
  }

  /// Output cells of the whole batch.
  var cells: Int { batch * outHeight * outWidth }
  /// Inputs that one output cell sees.
  var patch: Int { kernelHeight * kernelWidth * channels }
  /// A patch is one input cell: no patches have to be gathered.
  var isPointwise: Bool {
    kernelHeight == 1 && kernelWidth == 1 && stride == 1 && padTop == 0 && padLeft == 0
  }
  /// Output cells handled at once: few enough for their patches to stay in the second-level cache,
  /// enough to be worth a pass over the kernel.
  private var tile: Int { isPointwise ? 1024 : max(32, min(1024, (1 << 18) / max(1, patch))) }

  func forward(_ x: Tensor, _ weight: Tensor, _ bias: Tensor?, _ activation: Activation) -> Tensor {
    Tensor([batch, outHeight, outWidth, outChannels]) { y in
      reading(x, weight) { x, weight in
        reading(optional: bias) { bias in
          if WinogradConvolution.isWorthwhile(self), !activation.derivativeNeedsInput {
            return WinogradConvolution(self).forward(
              x, weight: weight, bias: bias, activation: activation, into: y.baseAddress!)
          }
          let kernel = Matrix(weight, patch, outChannels)
          forEachTile { cells, scratch in
            let out = y.baseAddress! + cells.lowerBound * outChannels
            BLAS.multiply(patches(x, cells, scratch), kernel, into: out)
            Kernels.activate(
              out, bias: bias, rows: cells.count, channels: outChannels, activation)
          }
        }
      }
    }
  }

  func backwardWeight(_ x: Tensor, _ dy: Tensor) -> Tensor {
    Tensor([kernelHeight, kernelWidth, channels, outChannels]) { dw in
      reading(x, dy) { x, dy in
        if WinogradConvolution.isWorthwhile(self) {
          return WinogradConvolution(self).backwardWeight(x, dy, into: dw.baseAddress!)
        }
        if isPointwise && cells <= channels {
          // A large kernel seen by few cells: the cores share out the kernel.
          return BLAS.multiplyInParallel(
            Matrix(x, cells, channels).flipped, Matrix(dy, cells, outChannels),
            into: dw.baseAddress!)
        }
        let size = patch * outChannels
        BLAS.sumOverPieces(cells, grain: 64, into: dw.baseAddress!, count: size) { range, sum in
          withScratch { scratch in
            for start in tiles(range, by: tile) {
              BLAS.multiply(
                patches(x, start, scratch).flipped,
                Matrix(dy + start.lowerBound * outChannels, start.count, outChannels), into: sum,
                adding: true)
            }
          }
        }
      }
    }
  }

  func backwardInput(_ dy: Tensor, _ weight: Tensor) -> Tensor {
    if isPointwise {
      return Tensor([batch, height, width, channels]) { dx in
        reading(dy, weight) { dy, weight in
          BLAS.multiplyInParallel(
            Matrix(dy, cells, outChannels), Matrix(weight, channels, outChannels, transposed: true),
            into: dx.baseAddress!)
        }
      }
    }
    let gathers = stride == 1 && padTop < kernelHeight && padLeft < kernelWidth
    return gathers ? correlate(dy, weight) : scatter(dy, weight)
  }

  /// Stride 1: the gradient is itself a convolution, of `dy` with the kernel turned by 180 degrees.
  private func correlate(_ dy: Tensor, _ weight: Tensor) -> Tensor {
    let transpose = ConvolutionShape(transposeOf: self)
    if WinogradConvolution.isWorthwhile(transpose) {
      return Tensor([batch, height, width, channels]) { dx in
        reading(dy, weight) { dy, weight in
          WinogradConvolution(transpose).forward(
            dy, weight: weight, transposed: true, bias: nil, activation: .identity,
            into: dx.baseAddress!)
        }
      }
    }
    let turned = Tensor([kernelHeight, kernelWidth, outChannels, channels]) { out in
      reading(weight) { weight in
        let taps = kernelHeight * kernelWidth
        Parallel.ranges(taps) { range in
          for tap in range {
            let from = weight + (taps - 1 - tap) * channels * outChannels
            let to = out.baseAddress! + tap * channels * outChannels
            for o in 0..<outChannels {
              for c in 0..<channels { to[o * channels + c] = from[c * outChannels + o] }
            }
          }
        }
      }
    }
    return transpose.forward(dy, turned, nil, .identity)
  }

  /// Any stride: patches of gradients are added where they came from. The cores share out the images and, where
  /// these are fewer, the channels of the input.
  private func scatter(_ dy: Tensor, _ weight: Tensor) -> Tensor {
    let shares = max(1, min((Parallel.workers + batch - 1) / max(1, batch), channels / 16))
    let (taps, perImage) = (kernelHeight * kernelWidth, outHeight * outWidth)
    return Tensor([batch, height, width, channels]) { dx in
      dx.initialize(repeating: 0)
      // Safe: each share of an image is written by one thread.
      nonisolated(unsafe) let dx = dx.baseAddress!
      reading(dy, weight) { dy, weight in
        Parallel.items(batch * shares) { item in
          let (image, share) = item.quotientAndRemainder(dividingBy: shares)
          let range = channels * share / shares..<channels * (share + 1) / shares
          // All taps in one product, or some channels of each.
          let (products, rows) = shares == 1 ? (1, patch) : (taps, range.count)
          let scratch = Buffer(count: tile * taps * range.count)
          withExtendedLifetime(scratch) {
            for cells in tiles(image * perImage..<(image + 1) * perImage, by: tile) {
              let dz = Matrix(dy + cells.lowerBound * outChannels, cells.count, outChannels)
              for product in 0..<products {
                let kernel = Matrix(
                  weight + (product * channels + range.lowerBound) * outChannels, rows,
                  outChannels, transposed: true)
                BLAS.multiply(
                  dz, kernel, into: scratch.base + product * rows, outStride: products * rows)
              }
              addPatches(scratch.base, cells, channels: range, to: dx)
            }
          }
        }
      }
    }
  }

  private func forEachTile(_ body: (Range<Int>, UnsafeMutablePointer<Float>) -> Void) {
    Parallel.ranges(cells, grain: 16) { range in
      withScratch { scratch in
        for cells in tiles(range, by: tile) { body(cells, scratch) }
      }
    }
  }

  private func withScratch(_ body: (UnsafeMutablePointer<Float>) -> Void) {
    let scratch = Buffer(count: isPointwise ? 0 : tile * patch)
    withExtendedLifetime(scratch) { body(scratch.base) }
  }

  private func tiles(_ range: Range<Int>, by size: Int) -> some Sequence<Range<Int>> {
    Swift.stride(from: range.lowerBound, to: range.upperBound, by: size).lazy
      .map { $0..<min($0 + size, range.upperBound) }
  }

  /// The input patches of output cells, one a row; the input itself when a patch is one cell.
  private func patches(
    _ x: UnsafePointer<Float>, _ cells: Range<Int>, _ scratch: UnsafeMutablePointer<Float>
  ) -> Matrix {
    if isPointwise { return Matrix(x + cells.lowerBound * channels, cells.count, channels) }
    gather(x, cells, into: scratch)
    return Matrix(scratch, cells.count, patch)
  }

  /// The input patches of output cells, one a row.
  @inline(__always)
  func gather<Element: AdditiveArithmetic>(
    _ x: UnsafePointer<Element>, _ cells: Range<Int>, into patches: UnsafeMutablePointer<Element>
  ) {
    forEachPatchRow(cells) { patchOffset, image, y, left, columns in
      let to = patches + patchOffset
      let row = kernelWidth * channels
      guard let y else { return to.update(repeating: .zero, count: row) }
      let before = columns.lowerBound * channels
      let after = columns.upperBound * channels
      to.update(repeating: .zero, count: before)
      let from = x + ((image * height + y) * width + left) * channels
      (to + before).update(from: from + before, count: after - before)
      (to + after).update(repeating: .zero, count: row - after)
    }
  }

  /// The reverse of `patches`: adds each element of a patch to the input cell it came from.
  ///
  /// - Parameters:
  ///   - scratch: [cells, kernel height, kernel width, `range`]
  ///   - range: all channels or some of them.
  private func addPatches(
    _ scratch: UnsafePointer<Float>, _ cells: Range<Int>, channels range: Range<Int>,
    to x: UnsafeMutablePointer<Float>
  ) {
    forEachPatchRow(cells) { patchOffset, image, y, left, columns in
      guard let y, !columns.isEmpty else { return }
      let from = scratch + patchOffset / max(1, channels) * range.count
      let to = x + ((image * height + y) * width + left) * channels + range.lowerBound
      if range.count == channels {
        let before = columns.lowerBound * channels
        return Kernels.add(from + before, to: to + before, count: columns.count * channels)
      }
      for column in columns {
        Kernels.add(from + column * range.count, to: to + column * channels, count: range.count)
      }
    }
  }

  /// Visits every kernel row of every output cell: where it stands in the scratch matrix, which
  /// image and input row it reads (nil outside the image), the input column of its first tap
  /// (possibly negative), and which of its taps are inside.
  func forEachPatchRow(
    _ cells: Range<Int>,
    _ body: (_ offset: Int, _ image: Int, _ y: Int?, _ left: Int, _ columns: Range<Int>) -> Void
  ) {
    for cell in cells {
      let (line, column) = cell.quotientAndRemainder(dividingBy: outWidth)
      let (image, row) = line.quotientAndRemainder(dividingBy: outHeight)
      let left = column * stride - padLeft
      let from = min(max(0, -left), kernelWidth)
      let columns = from..<max(from, min(kernelWidth, width - left))
      for ky in 0..<kernelHeight {
        let y = row * stride - padTop + ky
        let offset = ((cell - cells.lowerBound) * kernelHeight + ky) * kernelWidth * channels
        body(offset, image, y >= 0 && y < height ? y : nil, left, columns)
      }
    }
  }
}
