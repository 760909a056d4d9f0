import Tensors
import Testing

@Suite struct RoIAlignTests {
  private func box(
    _ x0: Float, _ y0: Float, _ x1: Float, _ y1: Float, image: Int = 0, level: Int = 0
  ) -> RoI { RoI(image: image, x0: x0, y0: y0, x1: x1, y1: y1, level: level) }

  /// A 4 x 4 map whose cell (row, column) holds 10 row + column, so that interpolation at (y, x)
  /// gives 10 (y - 0.5) + (x - 0.5). The box 1...3 by 1...3 in 2 x 2 cells has sample means at
  /// y, x = 1.5 and 2.5: 10 + 1, 10 + 2, 20 + 1, 20 + 2.
  @Test func workedByHand() {
    let map = Tensor([1, 4, 4, 1], (0..<16).map { Float($0 / 4 * 10 + $0 % 4) })
    let y = roiAlign([Variable(map)], boxes: [box(1, 1, 3, 3)], scales: [1], outputSize: 2)
    expectClose(y.value, Tensor([1, 2, 2, 1], [11, 12, 21, 22]))
    // At half the scale, twice the box.
    let half = roiAlign([Variable(map)], boxes: [box(2, 2, 6, 6)], scales: [0.5], outputSize: 2)
    #expect(half.value.isIdentical(to: y.value))
  }

  /// Boxes of several images on several levels come back in their own order, each as if alone.
  @Test func eachBoxFromItsImageAndLevel() {
    let levels = [Tensor.random([2, 16, 20, 19], seed: 1), .random([2, 8, 10, 19], seed: 2)]
    let boxes = [
      box(3, 4, 60, 50, image: 1, level: 1), box(10, 2, 33, 70, image: 0, level: 0),
      box(0, 0, 80, 64, image: 1, level: 0), box(3, 4, 60, 50, image: 0, level: 1),
    ]
    let together = roiAlign(
      levels.map { Variable($0) }, boxes: boxes, scales: [0.25, 0.125], outputSize: 3
    ).value
    for (r, box) in boxes.enumerated() {
      var alone = box
      let image = levels[box.level].rows(box.image..<box.image + 1)
      (alone.image, alone.level) = (0, 0)
      let y = roiAlign(
        [Variable(image)], boxes: [alone], scales: [[0.25, 0.125][box.level]], outputSize: 3)
      #expect(y.value.isIdentical(to: together.rows(r..<r + 1)))
    }
    checkGradients(of: levels) {
      roiAlign($0, boxes: boxes, scales: [0.25, 0.125], outputSize: 3)
    }
  }

  @Test func noBoxes() {
    let (y, found) = gradients(of: [.random([1, 4, 4, 3], seed: 1)]) {
      roiAlign($0, boxes: [], scales: [1], outputSize: 7)
    }
    #expect(y.shape == [0, 7, 7, 3])
    #expect(found[0].array.allSatisfy { $0 == 0 })
  }

  @Test func oneCellAndAwkwardBoxes() {
    let map = Variable(Tensor([1, 1, 1, 1], [5]))
    let boxes = [
      box(0, 0, 1, 1), box(.nan, 0, 1, 1), box(-1e30, 0, 1e30, 1), box(50, 50, 60, 60),
      box(0.5, 0.5, 0.5, 0.5), box(-.infinity, 0, .infinity, 1),
    ]
    let y = roiAlign([map], boxes: boxes, scales: [1], outputSize: 1).value
    #expect(y.array == [5, 0, 0, 0, 5, 0])
  }
}
