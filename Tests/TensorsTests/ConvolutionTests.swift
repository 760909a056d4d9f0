import Tensors
import Testing

/// Convolutions against their definition, on random shapes.
@Suite struct ConvolutionTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var (batch, height, width, channels) = (1, 1, 1, 1)
    var (kernelHeight, kernelWidth, outChannels) = (1, 1, 1)
    var stride = 1
    var padding = Padding.fixed(0)

    var testDescription: String {
      "[\(batch), \(height), \(width), \(channels)] by \(kernelHeight)x\(kernelWidth) "
        + "to \(outChannels), stride \(stride), \(padding)"
    }

    static func random(_ count: Int, seed: UInt64, channels: ClosedRange<Int>) -> [Case] {
      var generator = Seeded(seed)
      return (0..<count).map { i in
        func pick(_ range: ClosedRange<Int>) -> Int { .random(in: range, using: &generator) }
        let kernel = [1, 2, 3, 5, 7].randomElement(using: &generator)!
        return Case(
          batch: pick(1...3), height: pick(1...13), width: pick(1...13), channels: pick(channels),
          kernelHeight: kernel, kernelWidth: i % 3 == 0 ? 3 : kernel, outChannels: pick(1...18),
          stride: pick(1...3), padding: i % 4 == 0 ? .same : .fixed(pick(0...kernel)))
      }
    }
  }

  /// The definition, with `weight(ky, kx, c, o)`; `groups` is whether each channel stands alone.
  static func naive(
    _ x: Tensor, _ weight: Tensor, _ bias: Tensor, _ stride: Int, _ padding: Padding,
    depthwise: Bool
  ) -> Tensor {
    let (batch, height, width, channels) = (x.shape[0], x.shape[1], x.shape[2], x.shape[3])
    let (kernelHeight, kernelWidth) = (weight.shape[0], weight.shape[1])
    let outChannels = weight.shape.last!
    let (top, outHeight) = padding.resolve(input: height, kernel: kernelHeight, stride: stride)
    let (left, outWidth) = padding.resolve(input: width, kernel: kernelWidth, stride: stride)
    var y: [Float] = []
    for image in 0..<batch {
      for row in 0..<outHeight {
        for column in 0..<outWidth {
          for o in 0..<outChannels {
            var sum = Double(bias[o])
            for ky in 0..<kernelHeight {
              for kx in 0..<kernelWidth {
                let (inRow, inColumn) = (row * stride + ky - top, column * stride + kx - left)
                guard 0..<height ~= inRow, 0..<width ~= inColumn else { continue }
                for c in depthwise ? o..<o + 1 : 0..<channels {
                  let w = depthwise ? weight[ky, kx, c] : weight[ky, kx, c, o]
                  sum += Double(x[image, inRow, inColumn, c]) * Double(w)
                }
              }
            }
            y.append(Float(sum))
          }
        }
      }
    }
    return Tensor([batch, outHeight, outWidth, outChannels], y)
  }

  @Test(arguments: Case.random(40, seed: 7, channels: 1...9)) func dense(_ test: Case) {
    let x = Tensor.random([test.batch, test.height, test.width, test.channels], seed: 1)
    let w = Tensor.random(
      [test.kernelHeight, test.kernelWidth, test.channels, test.outChannels], seed: 2)
    let b = Tensor.random([test.outChannels], seed: 3)
    func operation(_ v: [Variable]) -> Variable {
      conv2d(v[0], v[1], bias: v[2], stride: test.stride, padding: test.padding)
    }
    let y = operation([x, w, b].map { Variable($0) }).value
    expectClose(
      y, Self.naive(x, w, b, test.stride, test.padding, depthwise: false), tolerance: 1e-4)
    if y.count > 0 { checkGradients(of: [x, w, b], operation) }
  }

  @Test(arguments: Case.random(40, seed: 8, channels: 1...35)) func depthwise(_ test: Case) {
    let x = Tensor.random([test.batch, test.height, test.width, test.channels], seed: 1)
    let w = Tensor.random([test.kernelHeight, test.kernelWidth, test.channels], seed: 2)
    let b = Tensor.random([test.channels], seed: 3)
    func operation(_ v: [Variable]) -> Variable {
      depthwiseConv2d(v[0], v[1], bias: v[2], stride: test.stride, padding: test.padding)
    }
    let y = operation([x, w, b].map { Variable($0) }).value
    expectClose(
      y, Self.naive(x, w, b, test.stride, test.padding, depthwise: true), tolerance: 1e-4)
    if y.count > 0 { checkGradients(of: [x, w, b], operation) }
  }

  /// Enough cells for several tiles and several workers, so that their seams are crossed.
  @Test(arguments: [(1, 0), (3, 1)]) func manyTiles(_ kernel: Int, _ pad: Int) {
    let x = Tensor.random([2, 37, 41, 5], seed: 1)
    let w = Tensor.random([kernel, kernel, 5, 6], seed: 2)
    let b = Tensor.random([6], seed: 3)
    let y = conv2d(Variable(x), Variable(w), bias: Variable(b), padding: .fixed(pad)).value
    expectClose(y, Self.naive(x, w, b, 1, .fixed(pad), depthwise: false), tolerance: 1e-4)
  }

  /// Sizes that Winograd's tiles of 4x4 divide and do not, and every padding: outputs and both
  /// gradients, which are convolutions themselves.
  @Test(arguments: [(1, 28, 32, 16, 16), (2, 23, 33, 32, 16), (3, 17, 18, 16, 48)], [0, 1, 2])
  func winograd(sizes: (Int, Int, Int, Int, Int), pad: Int) {
    let (batch, height, width, channels, outChannels) = sizes
    let x = Tensor.random([batch, height, width, channels], seed: 1)
    let w = Tensor.random([3, 3, channels, outChannels], seed: 2)
    let b = Tensor.random([outChannels], seed: 3)
    let zeros = Tensor(zeros: [max(channels, outChannels)])
    let y = Self.naive(x, w, b, 1, .fixed(pad), depthwise: false)
    let up = Tensor.random(y.shape, seed: 4)
    let (got, found) = gradients(of: [x, w, b], up: up) {
      conv2d($0[0], $0[1], bias: $0[2], padding: .fixed(pad))
    }
    expectClose(got, y, tolerance: 1e-4)
    let turned = Tensor(
      [3, 3, outChannels, channels],
      (0..<9).flatMap { tap in
        (0..<outChannels).flatMap { o in
          (0..<channels).map { c in w[2 - tap / 3, 2 - tap % 3, c, o] }
        }
      })
    expectClose(
      found[0], Self.naive(up, turned, zeros, 1, .fixed(2 - pad), depthwise: false),
      tolerance: 1e-4)
    let kernels = Self.naive(
      x.permuted([3, 1, 2, 0]), up.permuted([1, 2, 0, 3]), zeros, 1, .fixed(pad),
      depthwise: false)
    expectClose(found[1], kernels.permuted([1, 2, 0, 3]), tolerance: 1e-3)
    let active = conv2d(
      Variable(x), Variable(w), bias: Variable(b), padding: .fixed(pad), activation: .relu6)
    expectClose(
      active.value, Tensor(y.shape, y.array.map { min(max($0, 0), 6) }), tolerance: 1e-4)
  }

  /// The gradient of one image's input, whose channels the cores share out, is that of a few channels at a time.
  @Test(arguments: [1, 2, 3, 5], [2, 3]) func channelsOfOneImage(kernel: Int, stride: Int) {
    let x = Tensor.random([1, 13, 11, 88], seed: 1)
    let w = Tensor.random([kernel, kernel, 88, 9], seed: 2)
    func convolve(_ x: Tensor, _ w: Tensor, up: Tensor? = nil) -> (output: Tensor, dx: Tensor) {
      let (output, found) = gradients(of: [x, w], up: up) {
        conv2d($0[0], $0[1], stride: stride, padding: .fixed(kernel / 2))
      }
      return (output, found[0])
    }
    let up = Tensor.random(convolve(x, w).output.shape, seed: 3)
    let whole = convolve(x, w, up: up).dx.permuted([3, 0, 1, 2])
    for channels in [0..<1, 1..<16, 16..<31, 31..<56, 56..<88] {
      let few = convolve(
        x.permuted([3, 0, 1, 2]).rows(channels).permuted([1, 2, 3, 0]),
        w.permuted([2, 0, 1, 3]).rows(channels).permuted([1, 2, 0, 3]), up: up)
      expectClose(whole.rows(channels), few.dx.permuted([3, 0, 1, 2]), tolerance: 1e-5)
    }
  }

  @Test func aKernelLargerThanItsInputGivesNothing() {
    for stride in 1...3 {
      let y = conv2d(
        Variable(.random([1, 2, 2, 1], seed: 1)), Variable(.random([3, 3, 1, 1], seed: 2)),
        stride: stride)
      #expect(y.shape == [1, 0, 0, 1])
    }
  }

  @Test func noImages() {
    let x = Tensor(zeros: [0, 7, 7, 3])
    let w = Tensor.random([3, 3, 3, 4], seed: 1)
    let (y, found) = gradients(of: [x, w]) { conv2d($0[0], $0[1], padding: .fixed(1)) }
    #expect(y.shape == [0, 7, 7, 4])
    #expect(found[0].shape == [0, 7, 7, 3])
    #expect(found[1].array.allSatisfy { $0 == 0 })
    let (flat, _) = gradients(of: [Tensor(zeros: [0, 5]), .random([5, 2], seed: 2)]) {
      linear($0[0], $0[1])
    }
    #expect(flat.shape == [0, 2])
  }

  @Test(arguments: GoldenTests.activations.map(\.1)) func activationGradients(_ f: Activation) {
    // Away from the corners of ReLU and ReLU6.
    let x = Tensor([10], [-9, -3, -1, -0.5, -0.1, 0.1, 0.5, 2, 5, 8])
    checkGradients(of: [x]) { activate($0[0], f) }
  }

  @Test func activationsAtTheEnds() {
    let x = Variable(Tensor([4], [-200, 200, -.infinity, .infinity]))
    expectClose(activate(x, .sigmoid).value, Tensor([4], [0, 1, 0, 1]), tolerance: 1e-30)
    #expect(activate(x, .relu).value.array == [0, 200, 0, .infinity])
    #expect(activate(x, .relu6).value.array == [0, 6, 0, 6])
    expectClose(
      activate(Variable(x.value.rows(0..<2)), .swish).value, Tensor([2], [0, 200]),
      tolerance: 1e-30)
    #expect(activate(Variable(Tensor([1], [.nan])), .sigmoid).value.array[0].isNaN)
  }
}
