import Foundation
import Tensors
import Testing

/// Gradients by central differences, and the edges: nothing, one row, one channel.
@Suite struct OperationTests {
  @Test(arguments: [[1, 1], [3, 1], [1, 40], [4, 17]]) func rowOperations(_ shape: [Int]) {
    let x = Tensor.random(shape, seed: 1)
    let (gamma, beta) = (Tensor.random([shape[1]], seed: 2), Tensor.random([shape[1]], seed: 3))
    checkGradients(of: [x]) { softmax($0[0]) }
    checkGradients(of: [x]) { logSoftmax($0[0]) }
    checkGradients(of: [x], step: 1e-3) { l2Normalize($0[0]) }
    checkGradients(of: [x, gamma, beta], step: 2e-3) {
      layerNorm($0[0], gamma: $0[1], beta: $0[2], epsilon: 1e-2)
    }
    checkGradients(of: [x, gamma, beta], step: 2e-3) {
      batchNorm($0[0], gamma: $0[1], beta: $0[2], epsilon: 1e-2).output
    }
    checkGradients(of: [x, gamma, beta]) {
      batchNormFrozen(
        $0[0], gamma: $0[1], beta: $0[2], mean: .random([shape[1]], seed: 4),
        variance: Tensor([shape[1]], Array(repeating: 2, count: shape[1])))
    }
    checkGradients(of: [x]) { scaleChannels($0[0], by: gamma) }
    checkGradients(of: [x]) { gatherRows($0[0], [0, 0, shape[0] - 1]) }
    checkGradients(of: [x, x]) { concatenate([$0[0], $0[1], $0[0]]) }
    checkGradients(of: [x, .random([2, shape[1]], seed: 5)]) { innerProducts($0[0], $0[1]) }
  }

  /// Against the hyperbolic tangent itself, far outside as well; the gradient by differences.
  @Test func tanhGELUIsItsFormula() {
    let values: [Float] = [-1e4, -30, -6, -3, -1.5, -0.7, -1e-3, 0, 1e-3, 0.4, 1, 2.5, 4, 9, 1e4]
    let found = activate(Variable(Tensor([values.count], values)), .tanhGELU).value.array
    for (x, y) in zip(values, found) {
      let wide = Double(x)
      let inner = (2 / Double.pi).squareRoot() * (wide + 0.044715 * wide * wide * wide)
      let exact = wide / 2 * (1 + tanh(inner))
      #expect(abs(Double(y) - exact) <= 2e-6 * max(1, abs(exact)), "\(x)")
    }
    checkGradients(of: [.random([3, 7], seed: 8)]) { activate($0[0], .tanhGELU) }
  }

  @Test func rowOperationsOfNothing() {
    let (x, gamma) = (Tensor(zeros: [0, 5]), Tensor.random([5], seed: 1))
    let operations: [([Variable]) -> Variable] = [
      { softmax($0[0]) }, { logSoftmax($0[0]) }, { l2Normalize($0[0]) },
      { layerNorm($0[0], gamma: $0[1], beta: $0[1]) },
      { batchNorm($0[0], gamma: $0[1], beta: $0[1]).output },
      { scaleChannels(add($0[0], $0[0]), by: gamma) }, { gatherRows($0[0], []) },
      { activate($0[0], .gelu) }, { concatenate([$0[0], $0[0]]) },
    ]
    for operation in operations {
      let (y, found) = gradients(of: [x, gamma], operation)
      #expect(y.shape == [0, 5] && found[0].shape == [0, 5])
      #expect(found[1].array.allSatisfy { $0 == 0 })
    }
    let batch = batchNorm(Variable(x), gamma: Variable(gamma), beta: Variable(gamma))
    #expect(batch.mean.isFinite && batch.unbiasedVariance.isFinite)
  }

  @Test func softmaxOfExtremes() {
    let x = Tensor([3, 3], [1000, 0, -1000, -.infinity, 0, 0, 3e38, 3e38, -3e38])
    let y = softmax(Variable(x)).value.array
    #expect(y == [1, 0, 0, 0, 0.5, 0.5, 0.5, 0.5, 0])
    let logarithms = logSoftmax(Variable(Tensor([1, 2], [200, 0]))).value.array
    #expect(logarithms == [0, -200])
    #expect(softmax(Variable(Tensor([1, 2], [.nan, 0]))).value.array.allSatisfy { $0.isNaN })
  }

  @Test func aZeroRowStaysZero() {
    let (y, found) = gradients(of: [Tensor(zeros: [1, 4])]) { l2Normalize($0[0], epsilon: 0.5) }
    #expect(y.array == [0, 0, 0, 0])
    #expect(found[0].array == [2, 2, 2, 2])
  }

  /// A mean far from zero and many rows: where naive sums of squares lose everything.
  @Test func batchStatisticsStayPrecise() {
    let rows = 100_000
    let x = Tensor([rows, 2], (0..<2 * rows).map { 1000 + Float($0 / 2 % 2) })
    let one = Variable(Tensor([2], [1, 1]))
    let result = batchNorm(Variable(x), gamma: one, beta: Variable(Tensor(zeros: [2])))
    expectClose(result.mean, Tensor([2], [1000.5, 1000.5]), tolerance: 1e-6)
    expectClose(result.variance, Tensor([2], [0.25, 0.25]), tolerance: 1e-4)
  }

  @Test(arguments: [false, true], [nil, [4, 2, 0]] as [[Int]?])
  func attentionGradients(_ causal: Bool, _ lengths: [Int]?) {
    let inputs = (1...3).map { Tensor.random([3, 4, 6], seed: $0) }
    checkGradients(of: inputs) {
      attention($0[0], $0[1], $0[2], heads: 3, lengths: lengths, causal: causal)
    }
  }

  /// Fewer queries than tokens: a row is what it is among the others.
  @Test(arguments: [nil, [4, 2, 0]] as [[Int]?])
  func attentionOfOneQuery(_ lengths: [Int]?) {
    let (all, k, v) = (
      Tensor.random([3, 4, 6], seed: 1), Tensor.random([3, 4, 6], seed: 2),
      Tensor.random([3, 4, 6], seed: 3)
    )
    func asked(_ x: Tensor) -> Tensor {
      gatherRows(Variable(x.reshaped([12, 6])), [1, 6, 8]).value.reshaped([3, 1, 6])
    }
    let y = attention(Variable(all), Variable(k), Variable(v), heads: 3, lengths: lengths).value
    let one = attention(
      Variable(asked(all)), Variable(k), Variable(v), heads: 3, lengths: lengths
    ).value
    expectClose(one, asked(y), tolerance: 1e-6)
    checkGradients(of: [asked(all), k, v]) {
      attention($0[0], $0[1], $0[2], heads: 3, lengths: lengths)
    }
  }

  /// What a padding token holds changes nothing for the others.
  @Test func paddingIsNotLookedAt() {
    let x = Tensor.random([1, 4, 6], seed: 1)
    var padded = x
    padded.withMutableElements { for i in 18..<24 { $0[i] = 1e30 } }
    let a = attention(Variable(x), Variable(x), Variable(x), heads: 2, lengths: [3]).value
    let b = attention(
      Variable(padded), Variable(padded), Variable(padded), heads: 2, lengths: [3]
    ).value
    #expect(a.array.prefix(18) == b.array.prefix(18))
  }

  @Test func oneTokenAttendsToItself() {
    let v = Tensor.random([2, 1, 4], seed: 3)
    let y = attention(Variable(v), Variable(v), Variable(v), heads: 2, causal: true).value
    expectClose(y, v)
  }

  @Test(arguments: [[1, 1, 1, 1], [2, 5, 6, 3], [1, 2, 9, 33]]) func maps(_ shape: [Int]) {
    // Distinct values, so that no window has two largest.
    let order = (0..<shape.reduce(1, *)).map { Float($0 * 7919 % 1009) * 0.1 }
    let x = Tensor(shape, order)
    checkGradients(of: [x], step: 1e-2) { maxPool2d($0[0], kernel: 3, stride: 2, padding: 1) }
    checkGradients(of: [x]) { globalAveragePool($0[0]) }
    checkGradients(of: [x]) { upsampleNearest($0[0], height: 7, width: 4) }
    checkGradients(of: [x]) { upsampleBilinear($0[0], height: 7, width: 4) }
    if shape[1] > 1 { checkGradients(of: [x]) { avgPool2d($0[0], kernel: 2, stride: 2) } }
  }

  @Test func mapsOfNoImages() {
    let x = Variable(Tensor(zeros: [0, 4, 4, 3]))
    #expect(maxPool2d(x, kernel: 2, stride: 2).shape == [0, 2, 2, 3])
    #expect(globalAveragePool(x).shape == [0, 3])
    #expect(upsampleNearest(x, height: 8, width: 8).shape == [0, 8, 8, 3])
  }

  @Test func nearestKeepsValues() {
    let x = Tensor([1, 2, 2, 1], [1, 2, 3, 4])
    let y = upsampleNearest(Variable(x), height: 4, width: 3).value
    #expect(y.array == [1, 1, 2, 1, 1, 2, 3, 3, 4, 3, 3, 4])
    let same = upsampleNearest(Variable(x), height: 2, width: 2).value
    #expect(same.isIdentical(to: x))
  }

  @Test func aLearnedFactor() {
    let (y, found) = gradients(of: [Tensor([3], [1, -2, 4]), Tensor(scalar: 0.5)]) {
      scale($0[0], by: $0[1])
    }
    #expect(y.array == [0.5, -1, 2])
    #expect(found[0].array == [0.5, 0.5, 0.5] && found[1].scalar == 3)
    checkGradients(of: [.random([2, 3], seed: 1), Tensor(scalar: 0.3)]) {
      scale($0[0], by: exponential($0[1]))
    }
  }
}
