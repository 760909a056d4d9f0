import Foundation
import Support
import Tensors
import TestSupport
import Testing

/// Tensors as values, 16-bit formats, layouts, reproducible sums.
@Suite struct TensorTests {
  @Test func copiesShareUntilWritten() {
    let original = Tensor([3], [1, 2, 3])
    var copy = original
    let view = original.reshaped([3, 1])
    copy.withMutableElements { $0[0] = 9 }
    #expect(original.array == [1, 2, 3] && view.array == [1, 2, 3] && copy.array == [9, 2, 3])
    copy += original
    #expect(original.array == [1, 2, 3] && copy.array == [10, 4, 6])
    copy += copy
    #expect(copy.array == [20, 8, 12])
  }

  @Test func aUniqueTensorIsWrittenInPlace() {
    var tensor = Tensor(zeros: [100_000])
    let before = tensor.withElements { $0.baseAddress }
    tensor.withMutableElements { $0[5] = 1 }
    #expect(tensor.withElements { $0.baseAddress } == before)
  }

  @Test func memoryIsReusedAndZeroed() {
    for _ in 0..<3 {
      var tensor = Tensor(zeros: [70_000])
      #expect(tensor.array.allSatisfy { $0 == 0 })
      tensor.withMutableElements { $0.update(repeating: 7) }
    }
  }

  @Test func shapes() {
    let x = Tensor([2, 3], [1, 2, 3, 4, 5, 6])
    #expect(x.reshaped([3, -1]).shape == [3, 2])
    #expect(Tensor(zeros: [0, 4]).reshaped([0, -1]).count == 0)
    #expect(x.rows(1..<2).array == [4, 5, 6])
    #expect(x.transposed.array == [1, 4, 2, 5, 3, 6])
    #expect(Tensor(scalar: 5).scalar == 5 && Tensor(scalar: 5).shape == [])
    let permuted = Tensor.random([2, 3, 4, 5], seed: 1).permuted([2, 0, 3, 1])
    #expect(permuted.permuted([1, 3, 0, 2]).isIdentical(to: .random([2, 3, 4, 5], seed: 1)))
    #expect(x.isFinite && !Tensor([2], [1, .nan]).isFinite && !Tensor([1], [.infinity]).isFinite)
  }

  /// All 65,536 bit patterns, read by both formats and compared with their definitions.
  @Test func everyHalfIsRead() {
    let halves = (0...UInt16.max).map { Float(halfBits: $0) }
    let bfloats = (0...UInt16.max).map { Float(bitPattern: UInt32($0) << 16) }
    for (type, expected) in [(StoredType.float16, halves), (.bfloat16, bfloats)] {
      let read = roundTrip(expected, type)
      for (a, b) in zip(read, expected) where a.bitPattern != b.bitPattern {
        #expect(a.isNaN && b.isNaN, "\(a) is not \(b)")
      }
    }
  }

  /// Every value between two neighbouring halves goes to the nearer one, ties to the even one.
  @Test func halvesRoundToNearestEven() {
    var (values, expected): ([Float], [Float]) = ([], [])
    for bits in stride(from: UInt16(0), to: 0x7bff, by: 1) {
      let (low, high) = (Float(halfBits: bits), Float(halfBits: bits + 1))
      let middle = low + (high - low) / 2
      values += [middle.nextDown, middle, middle.nextUp]
      expected += [low, bits.isMultiple(of: 2) ? low : high, high]
    }
    values += [65519.996, 65520, 1e30, .infinity, 0, 1e-30, -1e-30]
    expected += [65504, .infinity, .infinity, .infinity, 0, 0, -0.0]
    #expect(roundTrip(values, .float16) == expected)
    #expect(roundTrip(values.map { -$0 }, .float16) == expected.map { -$0 })
  }

  @Test func bfloatsRoundToNearestEven() {
    var (values, expected): ([Float], [Float]) = ([], [])
    for bits in stride(from: UInt32(0), to: 0x7f7f, by: 1) {
      let base = bits << 16
      let (low, high) = (Float(bitPattern: base), Float(bitPattern: base + 0x10000))
      values += [0x7fff, 0x8000, 0x8001].map { Float(bitPattern: base + $0) }
      expected += [low, bits.isMultiple(of: 2) ? low : high, high]
    }
    #expect(roundTrip(values, .bfloat16) == expected)
    #expect(roundTrip([.nan], .bfloat16)[0].isNaN && roundTrip([.nan], .float16)[0].isNaN)
  }

  /// As it goes into a file and comes out of one, but for the check that all is finite.
  private func roundTrip(_ values: [Float], _ type: StoredType) -> [Float] {
    var data = Data()
    Halves.encode(Tensor([values.count], values), type, to: &data)
    return Tensor([values.count]) { out in
      data.withUnsafeBytes { Halves.decode($0.baseAddress!, type, into: out) }
    }.array
  }

  /// Each kind of number at each place of a vector register, and between finite extremes.
  @Test func whatIsNotFiniteIsFound() {
    let finite: [Float] = [
      0, -0.0, .greatestFiniteMagnitude, -.greatestFiniteMagnitude, .leastNonzeroMagnitude, -1,
    ]
    for count in [1, 7, 8, 33] {
      let values = (0..<count).map { finite[$0 % finite.count] }
      #expect(Tensor([count], values).isFinite)
      for place in 0..<count {
        for wrong in [Float.nan, -.nan, .signalingNaN, .infinity, -.infinity] {
          var values = values
          values[place] = wrong
          #expect(!Tensor([count], values).isFinite, "\(wrong) as \(place) of \(count)")
        }
      }
    }
    #expect(Tensor([0], []).isFinite)
  }

  @Test func rangesCoverEverythingOnce() {
    for count in [0, 1, 2, 3, 7, 1000] {
      for grain in [1, 3, 600] {
        let seen = Tensor([count]) { out in
          out.initialize(repeating: 0)
          nonisolated(unsafe) let out = out
          Parallel.ranges(count, grain: grain) { for i in $0 { out[i] += 1 } }
          Parallel.items(count) { i in
            Parallel.ranges(1) { _ in out[i] += 1 }
          }
        }
        #expect(seen.array.allSatisfy { $0 == 2 })
      }
    }
  }

  /// A network of most operations gives the same bits, forwards and backwards, every time.
  @Test func sameBitsEveryTime() {
    let inputs: [Tensor] = [
      .random([2, 40, 40, 16], seed: 1), .random([3, 3, 16, 32], seed: 2),
      .random([5, 5, 32], seed: 3), .random([32], seed: 4), .random([32], seed: 5),
      .random([32, 10], seed: 6),
    ]
    let boxes = (0..<30).map { i in
      RoI(
        image: i % 2, x0: Float(i), y0: 3, x1: Float(i) + 40, y1: Float(90 + i), level: 0)
    }
    func run() -> [Tensor] {
      let (y, found) = gradients(of: inputs) { v in
        let x = conv2d(v[0], v[1], padding: .fixed(1), activation: .relu)
        let z = batchNorm(
          depthwiseConv2d(x, v[2], stride: 2, padding: .fixed(2)), gamma: v[3], beta: v[4]
        ).output
        let regions = roiAlign([z], boxes: boxes, scales: [0.25], outputSize: 7)
        let logits = linear(globalAveragePool(regions), v[5])
        return crossEntropy(logits, labels: (0..<30).map { $0 % 10 })
      }
      return [y] + found
    }
    let first = run()
    for _ in 0..<3 {
      for (a, b) in zip(first, run()) { #expect(a.isIdentical(to: b)) }
    }
  }
}

extension Float {
  /// The definition of a 16-bit float: sign, five bits of exponent, ten of fraction.
  fileprivate init(halfBits bits: UInt16) {
    let (exponent, fraction) = (Int(bits >> 10) & 31, Float(bits & 1023))
    let magnitude: Float =
      switch exponent {
      case 0: fraction * 0x1p-24
      case 31: fraction == 0 ? .infinity : .nan
      default: (1 + fraction / 1024) * Float(sign: .plus, exponent: exponent - 15, significand: 1)
      }
    self = bits & 0x8000 == 0 ? magnitude : -magnitude
  }
}
