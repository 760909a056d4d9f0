import Foundation
import Tensors
import Testing

@Suite struct LossTests {
  /// Two equal logits: log 2 for either label.
  @Test func crossEntropyByHand() {
    let x = Variable(Tensor([2, 2], [0, 0, 5, 5]))
    expectClose(crossEntropy(x, labels: [0, 1]).value, Tensor(scalar: log(2)))
    // Weights multiply, but do not divide; zeros do not count.
    expectClose(
      crossEntropy(x, labels: [0, 1], weights: [3, 0]).value, Tensor(scalar: 3 * log(2)))
    expectClose(
      crossEntropy(x, labels: [0, 1], weights: [3, 1]).value, Tensor(scalar: 2 * log(2)))
    // Without its only rival, a label is certain.
    let (loss, found) = gradients(of: [x.value]) {
      crossEntropy($0[0], labels: [0, -1], masked: [false, true])
    }
    #expect(loss.scalar == 0)
    #expect(found[0].array == [0, 0, 0, 0])
  }

  @Test func nothingToLearnFrom() {
    let x = Tensor.random([3, 4], seed: 1)
    let operations: [([Variable]) -> Variable] = [
      { crossEntropy($0[0], labels: [-1, -1, -1]) },
      { crossEntropy($0[0], labels: [0, 1, 2], weights: [0, 0, 0]) },
      { l1Loss($0[0], target: Tensor(zeros: [3, 4]), rowWeights: [0, 0, 0]) },
    ]
    for operation in operations {
      let (loss, found) = gradients(of: [x], operation)
      #expect(loss.scalar == 0)
      #expect(found[0].array.allSatisfy { $0 == 0 })
    }
    let none = Variable(Tensor(zeros: [0, 4]))
    #expect(crossEntropy(none, labels: []).value.scalar == 0)
    #expect(l1Loss(none, target: none.value).value.scalar == 0)
    #expect(
      huberLoss(none, target: none.value, delta: 1, rowWeights: [], normaliser: 1).value.scalar == 0
    )
    #expect(
      binaryCrossEntropyWithLogits(none, targets: none.value, normaliser: 1).value.scalar == 0)
  }

  /// Logits 0 and log 3 have the probabilities 1/4 and 3/4.
  @Test func crossEntropyToDistributionsByHand() {
    let x = Tensor([2, 2], [0, log(3), 7, 7])
    let targets = Tensor([2, 2], [0.5, 0.5, 0, 1])
    let first: Float = -0.5 * log(0.25) - 0.5 * log(0.75)
    let (loss, found) = gradients(of: [x]) { crossEntropy($0[0], targets: targets) }
    expectClose(loss, Tensor(scalar: (first + log(2)) / 2))
    expectClose(found[0], Tensor([2, 2], [-0.125, 0.125, 0.25, -0.25]))
    checkGradients(of: [.random([3, 4], seed: 1)]) {
      crossEntropy($0[0], targets: softmax(Variable(.random([3, 4], seed: 2))).value)
    }
    // To one column each it is the loss of labels.
    let logits = Variable(.random([3, 4], seed: 3))
    expectClose(
      crossEntropy(
        logits, targets: Tensor([3, 4], [0, 1, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0])
      ).value, crossEntropy(logits, labels: [1, 3, 0]).value)
  }

  /// Sum over D, mean over regions: (1 + 2) and (0 + 3) give 3.
  @Test func l1ByHand() {
    let x = Variable(Tensor([2, 2], [1, -2, 0, 3]))
    #expect(l1Loss(x, target: Tensor(zeros: [2, 2])).value.scalar == 3)
  }

  /// delta 1: 0.5 · 0.5² = 0.125 inside, 1 · (3 - 0.5) = 2.5 outside.
  @Test func huberByHand() {
    let x = Variable(Tensor([1, 2], [0.5, -3]))
    let loss = huberLoss(x, target: Tensor(zeros: [1, 2]), delta: 1, normaliser: 1)
    #expect(loss.value.scalar == 2.625)
  }

  @Test func confidentLogitsStayFinite() {
    let x = Tensor([1, 4], [1000, -1000, 1000, -1000])
    let (loss, found) = gradients(of: [x]) {
      binaryCrossEntropyWithLogits(
        $0[0], targets: Tensor([1, 4], [1, 0, 0, 1]), normaliser: 1)
    }
    #expect(loss.scalar == 2000)
    #expect(found[0].array == [0, 0, 1, -1])
  }

  /// Rows of weight zero may hold anything: padding is often not a number.
  @Test func rowsWithoutWeightAreNotLookedAt() {
    let x = Tensor([2, 2], [1, 2, .nan, .infinity])
    let target = Tensor(zeros: [2, 2])
    for operation: ([Variable]) -> Variable in [
      { l1Loss($0[0], target: target, rowWeights: [1, 0]) },
      { huberLoss($0[0], target: target, delta: 1, rowWeights: [1, 0], normaliser: 1) },
      { crossEntropy($0[0], labels: [0, -1]) },
    ] {
      let (loss, found) = gradients(of: [x], operation)
      #expect(loss.isFinite && found[0].isFinite)
      #expect(found[0].array.suffix(2) == [0, 0])
    }
  }

  @Test func gradientsByDifferences() {
    let x = Tensor.random([9, 13], seed: 1, deviation: 3)
    let target = Tensor.random([9, 13], seed: 2, deviation: 3)
    let labels = (0..<9).map { $0 * 5 % 13 }
    let weights = (0..<9).map { Float($0 % 4) / 2 }
    let masked = (0..<13).map { $0 == 12 || $0 == 1 }
    checkGradients(of: [x]) { crossEntropy($0[0], labels: labels, weights: weights) }
    checkGradients(of: [x]) {
      crossEntropy($0[0], labels: labels.map { masked[$0] ? -1 : $0 }, masked: masked)
    }
    checkGradients(of: [x]) { huberLoss($0[0], target: target, delta: 2, normaliser: 3) }
    checkGradients(of: [x], step: 1e-3) { l1Loss($0[0], target: target, rowWeights: weights) }
    checkGradients(of: [x]) {
      binaryCrossEntropyWithLogits(
        $0[0], targets: Tensor([9, 13], (0..<117).map { Float($0 % 2) }), normaliser: 4)
    }
  }

  /// More elements than one block of the sum.
  @Test func longSums() {
    let count = 10_001
    let x = Variable(Tensor([count, 1], (0..<count).map { Float($0 % 3) }))
    let loss = huberLoss(x, target: Tensor(zeros: [count, 1]), delta: 10, normaliser: 1)
    // 0, 0.5 and 2 in turn: 3333 whole rounds, then 0 and 0.5.
    #expect(loss.value.scalar == 3333 * 2.5 + 0.5)
  }
}
