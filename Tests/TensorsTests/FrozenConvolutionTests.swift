import Support
import Tensors
import Testing

/// Whether this processor has what the tests of bfloat16 need.
let hasBFloat16 = (try? Precision.bfloat16.requireAvailable()) != nil

/// Convolutions in bfloat16 against the definition, with what is rounded there rounded here.
@Suite(.enabled(if: hasBFloat16, "this processor has no AVX-512 BF16"))
struct FrozenConvolutionTests {
  /// What rounding to eight digits costs at most, in units of a number: half the distance of two.
  private static let unit: Float = 0x1p-8

  private func rounded(_ x: Tensor) -> Tensor { RoundedTensor(x).tensor }

  /// Any stride and padding, odd and even channels: results are those of rounded inputs and kernels,
  /// rounded once more, or in float32 as they are.
  @Test(arguments: ConvolutionTests.Case.random(40, seed: 9, channels: 1...35))
  func isTheDefinition(_ test: ConvolutionTests.Case) {
    let x = Tensor.random([test.batch, test.height, test.width, test.channels], seed: 1)
    let w = Tensor.random(
      [test.kernelHeight, test.kernelWidth, test.channels, test.outChannels], seed: 2)
    let b = Tensor.random([test.outChannels], seed: 3)
    let y = ConvolutionTests.naive(
      rounded(x), rounded(w), b, test.stride, test.padding, depthwise: false)
    let skip = Tensor.random(y.shape, seed: 4)
    func layer(_ activation: Activation) -> FrozenConvolution {
      FrozenConvolution(
        weight: w, bias: b, stride: test.stride, padding: test.padding, activation: activation)
    }
    let given = RoundedTensor(x)
    expectClose(layer(.identity).float32(given), y, tolerance: 1e-4)
    let active = Tensor(y.shape, y.array.map { max($0, 0) })
    expectClose(layer(.relu)(given).tensor, active, tolerance: Self.unit + 1e-4)
    let sum = y + rounded(skip)
    expectClose(
      layer(.identity)(given, adding: RoundedTensor(skip)).tensor, sum,
      tolerance: Self.unit + 1e-4)
    expectClose(
      layer(.identity)(given, adding: RoundedTensor(skip), then: .relu).tensor,
      Tensor(y.shape, sum.array.map { max($0, 0) }), tolerance: Self.unit + 1e-4)
  }

  /// So many inputs that they are multiplied in parts.
  @Test(arguments: [4609, 12544]) func manyInputs(_ inputs: Int) {
    let (x, w) = (
      Tensor.random([7, 1, 1, inputs], seed: 1),
      Tensor.random([1, 1, inputs, 5], seed: 2, deviation: 1 / Float(inputs).squareRoot())
    )
    let bias = Tensor.random([5], seed: 3)
    let y = ConvolutionTests.naive(rounded(x), rounded(w), bias, 1, .fixed(0), depthwise: false)
    let active = Tensor(y.shape, y.array.map { max($0, 0) })
    let layer = FrozenConvolution(weight: w, bias: bias, activation: .relu)
    expectClose(layer.float32(RoundedTensor(x)), active, tolerance: 1e-4)
    expectClose(layer(RoundedTensor(x)).tensor, active, tolerance: Self.unit + 1e-4)
  }

  /// Winograd's filtering in double precision, rounded where the layer rounds: the inputs' and the
  /// kernel's values at the points, and the result. Sums in float32 move a value at the points to its
  /// neighbour now and then: 2^-7 of one of hundreds of products, half of which is room enough.
  @Test(arguments: [(1, 16, 20, 128, 128), (2, 9, 14, 144, 128), (1, 12, 12, 128, 176)], [0, 1])
  func winograd(sizes: (Int, Int, Int, Int, Int), pad: Int) {
    let (batch, height, width, channels, outChannels) = sizes
    let x = rounded(.random([batch, height, width, channels], seed: 1))
    let w = Tensor.random(
      [3, 3, channels, outChannels], seed: 2, deviation: 1 / Float(9 * channels).squareRoot())
    let bias = Tensor.random([outChannels], seed: 3)
    let layer = FrozenConvolution(weight: w, bias: bias, padding: .fixed(pad))
    let got = layer(RoundedTensor(x)).tensor
    let expected = RoundedWinograd(x, w, bias, pad: pad).result
    expectClose(got, expected, tolerance: Self.unit + 0x1p-8)
    // Rounding at the points, 2^-9 on average, grows some five times in the transforms.
    let exact = conv2d(Variable(x), Variable(w), bias: Variable(bias), padding: .fixed(pad)).value
    #expect(rootMeanSquare(got + exact * -1) < 0.02 * rootMeanSquare(exact))
    let skip = RoundedTensor(.random(got.shape, seed: 4))
    expectClose(
      layer(RoundedTensor(x), adding: skip, then: .relu).tensor,
      Tensor(got.shape, (expected + skip.tensor).array.map { max($0, 0) }),
      tolerance: Self.unit + 0x1p-8)
  }

  private func rootMeanSquare(_ x: Tensor) -> Float {
    (x.array.reduce(0) { $0 + $1 * $1 } / Float(x.count)).squareRoot()
  }

  /// The same bits for an image alone, in a batch and on one thread.
  @Test func anImageDoesNotDependOnItsBatch() {
    let x = Tensor.random([5, 12, 20, 128], seed: 1)
    for kernel in [1, 3] {
      for stride in [1, 2] {
        let layer = FrozenConvolution(
          weight: .random([kernel, kernel, 128, 128], seed: 2), bias: nil, stride: stride,
          padding: .fixed(kernel / 2))
        let together = layer(RoundedTensor(x)).tensor
        for image in 0..<5 {
          let alone = layer(RoundedTensor(x.rows(image..<image + 1))).tensor
          #expect(alone.isIdentical(to: together.rows(image..<image + 1)))
        }
        Parallel.items(2) { _ in
          #expect(layer(RoundedTensor(x)).tensor.isIdentical(to: together))
        }
      }
    }
  }

  @Test func nothing() {
    let layer = FrozenConvolution(weight: Tensor(zeros: [3, 3, 128, 128]), bias: nil)
    #expect(layer(RoundedTensor(Tensor(zeros: [0, 9, 9, 128]))).shape == [0, 7, 7, 128])
    #expect(layer(RoundedTensor(Tensor(zeros: [2, 2, 2, 128]))).shape == [2, 0, 0, 128])
    let rows = FrozenConvolution(weight: Tensor(zeros: [1, 1, 5, 3]), bias: nil)
    #expect(rows.float32(RoundedTensor(Tensor(zeros: [0, 1, 1, 5]))).shape == [0, 1, 1, 3])
  }
}

/// Maps in bfloat16 through what is not a product.
@Suite struct RoundedTensorTests {
  /// Halfway between neighbours to the even one; what is not finite stays so.
  @Test func rounding() {
    let given: [Float] = [1, 1 + 0x1p-8, 1 + 0x3p-8, -1 - 0x1p-7, .infinity, -0.0]
    let rounded: [Float] = [1, 1, 1 + 0x1p-6, -1 - 0x1p-7, .infinity, -0.0]
    #expect(RoundedTensor(Tensor([6], given)).tensor.isIdentical(to: Tensor([6], rounded)))
    let nothing = RoundedTensor(Tensor([2], [.nan, -.nan])).tensor.array
    #expect(nothing.map(\.isNaN) == [true, true])
  }

  /// A value is read in float32 by what knows nothing of bfloat16.
  @Test func aVariableOfEitherPrecision() {
    let x = Tensor.random([2, 3, 5, 7], seed: 1)
    let (kept, plain) = (Variable(RoundedTensor(x)), Variable(RoundedTensor(x).tensor))
    #expect(kept.shape == x.shape && kept.ifRounded != nil && plain.ifRounded == nil)
    #expect(add(kept, plain).value.isIdentical(to: add(plain, plain).value))
    #expect(reshape(kept, [6, -1]).value.isIdentical(to: plain.value.reshaped([6, 35])))
    #expect(plain.rounded.tensor.isIdentical(to: kept.value))
  }

  /// The largest of rounded numbers is the rounded largest, and copies are copies.
  @Test(arguments: [(1, 2, 0), (2, 2, 0), (3, 2, 1), (3, 1, 1)], [1, 16, 33])
  func maximaAndCopies(window: (Int, Int, Int), channels: Int) {
    var x = Tensor.random([2, 9, 12, channels], seed: 1)
    x.withMutableElements { ($0[5], $0[17]) = (-.infinity, .nan) }
    let (kept, plain) = (Variable(RoundedTensor(x)), Variable(RoundedTensor(x).tensor))
    func bits(_ x: Variable) -> [UInt32] { x.value.array.map { $0.isNaN ? 1 : $0.bitPattern } }
    let (kernel, stride, padding) = window
    let pooled = maxPool2d(kept, kernel: kernel, stride: stride, padding: padding)
    #expect(pooled.ifRounded != nil)
    #expect(
      bits(pooled) == bits(maxPool2d(plain, kernel: kernel, stride: stride, padding: padding)))
    let larger = upsampleNearest(kept, height: 18, width: 25)
    #expect(larger.ifRounded != nil)
    #expect(bits(larger) == bits(upsampleNearest(plain, height: 18, width: 25)))
  }

  /// Sums of samples are float32's, rounded.
  @Test(arguments: [1, 16, 70]) func regions(channels: Int) {
    let maps = [8, 4].map { RoundedTensor(.random([2, $0, $0, channels], seed: UInt64($0))) }
    let boxes = [
      RoI(image: 0, x0: 1, y0: 2, x1: 30, y1: 17, level: 0),
      RoI(image: 1, x0: -9, y0: 4, x1: 90, y1: 50, level: 1),
    ]
    func pooled(_ levels: [Variable]) -> Variable {
      roiAlign(levels, boxes: boxes, scales: [0.25, 0.125], outputSize: 3)
    }
    let kept = pooled(maps.map { Variable($0) })
    let plain = pooled(maps.map { Variable($0.tensor) }).value
    #expect(kept.ifRounded != nil)
    expectClose(kept.value, plain, tolerance: 0x1p-8 + 1e-6)
    // One level that is not rounded is rounded with the others.
    let mixed = pooled([Variable(maps[0]), Variable(maps[1].tensor)])
    #expect(mixed.value.isIdentical(to: kept.value))
  }
}

/// Winograd's F(4x4, 3x3) by its matrices, with bfloat16 at the points.
private struct RoundedWinograd {
  private static let points = [0, 0.6875, -0.6875, 1.375, -1.375]

  /// [6][6]: row i has the coefficients of the product of (t - p) over the points but the i-th; the last
  /// one's of all.
  private static let input: [[Double]] = (0..<6).map { i in
    points.enumerated().reduce([1]) { polynomial, point in
      guard point.offset != i else { return polynomial }
      let shifted = [0] + polynomial
      return shifted.indices.map {
        shifted[$0] - point.element * ($0 < polynomial.count ? polynomial[$0] : 0)
      }
    }
  }.map { $0 + Array(repeating: 0, count: 6 - $0.count) }

  /// [6][3]
  private static let kernel: [[Double]] =
    points.indices.map { i in
      let others = points.indices.reduce(1) { $1 == i ? $0 : $0 * (points[i] - points[$1]) }
      return [1, points[i], points[i] * points[i]].map { $0 / others }
    } + [[0, 0, 1]]

  /// [6][4]
  private static let output: [[Double]] =
    points.map { [1, $0, $0 * $0, $0 * $0 * $0] } + [[0, 0, 0, 1]]

  let result: Tensor

  init(_ x: Tensor, _ w: Tensor, _ bias: Tensor, pad: Int) {
    let (channels, outChannels) = (w.shape[2], w.shape[3])
    let (height, width) = (x.shape[1] + 2 * pad - 2, x.shape[2] + 2 * pad - 2)
    let (taps, bias, plane) = (w.array, bias.array, channels * outChannels)
    // [6][6][C][C']
    let u = Self.rounded(
      (0..<6).flatMap { i in
        (0..<6).flatMap { j in
          (0..<plane).map { at in
            (0..<9).reduce(0.0) { sum, tap in
              sum + Self.kernel[i][tap / 3] * Self.kernel[j][tap % 3]
                * Double(taps[tap * plane + at])
            }
          }
        }
      })
    var y = [Float](repeating: 0, count: x.shape[0] * height * width * outChannels)
    for image in 0..<x.shape[0] {
      for top in stride(from: 0, to: height, by: 4) {
        for left in stride(from: 0, to: width, by: 4) {
          let v = Self.atPoints(x, image, top - pad, left - pad)
          var m = [Double](repeating: 0, count: 36 * outChannels)
          for point in 0..<36 {
            for c in 0..<channels {
              let value = v[point * channels + c]
              let from = (point * channels + c) * outChannels
              for o in 0..<outChannels { m[point * outChannels + o] += value * u[from + o] }
            }
          }
          for row in top..<min(top + 4, height) {
            for column in left..<min(left + 4, width) {
              for o in 0..<outChannels {
                var sum = Double(bias[o])
                for point in 0..<36 {
                  sum +=
                    Self.output[point / 6][row - top] * Self.output[point % 6][column - left]
                    * m[point * outChannels + o]
                }
                y[((image * height + row) * width + column) * outChannels + o] = Float(sum)
              }
            }
          }
        }
      }
    }
    result = Tensor([x.shape[0], height, width, outChannels], y)
  }

  /// [6][6][C] of the tile whose first cell is (`top`, `left`).
  private static func atPoints(_ x: Tensor, _ image: Int, _ top: Int, _ left: Int) -> [Double] {
    let channels = x.shape[3]
    var cells = [[Double]](repeating: Array(repeating: 0, count: channels), count: 36)
    for cell in 0..<36 {
      let (row, column) = (top + cell / 6, left + cell % 6)
      guard 0..<x.shape[1] ~= row, 0..<x.shape[2] ~= column else { continue }
      for c in 0..<channels { cells[cell][c] = Double(x[image, row, column, c]) }
    }
    func along(_ cells: [[Double]], _ at: (Int, Int) -> Int) -> [[Double]] {
      (0..<36).map { place in
        (0..<channels).map { c in
          (0..<6).reduce(0) { $0 + input[place / 6][$1] * cells[at($1, place % 6)][c] }
        }
      }
    }
    let rows = along(cells) { 6 * $0 + $1 }
    // Now the columns: what comes out is [column][row].
    let both = along(rows) { 6 * $1 + $0 }
    return rounded((0..<36).flatMap { both[$0 % 6 * 6 + $0 / 6] })
  }

  private static func rounded(_ values: [Double]) -> [Double] {
    RoundedTensor(Tensor([values.count], values.map { Float($0) })).tensor.array.map { Double($0) }
  }
}
