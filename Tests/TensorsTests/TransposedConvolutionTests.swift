import Tensors
import Testing

@Suite struct TransposedConvolutionTests {
  /// By hand: the cells 1 and 10, one channel; the kernel is 1 2 / 3 4, the bias 0.5.
  @Test func workedByHand() {
    let y = transposedConv2d(
      Variable(Tensor([1, 1, 2, 1], [1, 10])), Variable(Tensor([1, 2, 2, 1], [1, 2, 3, 4])),
      bias: Variable(Tensor([1], [0.5])))
    #expect(y.shape == [1, 2, 4, 1])
    #expect(y.value.array == [1.5, 2.5, 10.5, 20.5, 3.5, 4.5, 30.5, 40.5])
  }

  /// The definition: output cell (k i + a, k j + b) is input cell (i, j) through kernel cell (a, b).
  @Test(arguments: [1, 2, 3], [(1, 1, 1), (2, 3, 5), (3, 7, 4)])
  func isItsDefinition(side: Int, sizes: (Int, Int, Int)) {
    let (batch, height, width) = sizes
    let x = Tensor.random([batch, height, width, 3], seed: 1)
    let w = Tensor.random([3, side, side, 4], seed: 2)
    let b = Tensor.random([4], seed: 3)
    var expected: [Float] = []
    for image in 0..<batch {
      for row in 0..<height * side {
        for column in 0..<width * side {
          for o in 0..<4 {
            expected.append(
              (0..<3).reduce(b[o]) {
                $0 + x[image, row / side, column / side, $1] * w[$1, row % side, column % side, o]
              })
          }
        }
      }
    }
    func operation(_ v: [Variable]) -> Variable { transposedConv2d(v[0], v[1], bias: v[2]) }
    let y = operation([x, w, b].map { Variable($0) }).value
    expectClose(y, Tensor([batch, height * side, width * side, 4], expected), tolerance: 1e-4)
    checkGradients(of: [x, w, b], operation)
  }

  @Test func noRegions() {
    let (y, found) = gradients(of: [Tensor(zeros: [0, 2, 2, 3]), .random([3, 2, 2, 4], seed: 1)]) {
      transposedConv2d($0[0], $0[1], activation: .relu)
    }
    #expect(y.shape == [0, 4, 4, 4])
    #expect(found[1].array.allSatisfy { $0 == 0 })
  }

  /// By hand, and its gradient.
  @Test func concatenatedAlongTheSecondAxis() {
    let (a, b) = (Tensor([2, 1], [1, 2]), Tensor([2, 2], [3, 4, 5, 6]))
    let y = concatenate([Variable(a), Variable(b)], axis: 1)
    #expect(y.shape == [2, 3] && y.value.array == [1, 3, 4, 2, 5, 6])
    checkGradients(of: [.random([2, 3, 2], seed: 1), .random([2, 1, 2], seed: 2)]) {
      concatenate($0, axis: 1)
    }
  }

  /// More columns than a tile, large logits, a column that takes part in the sum only.
  @Test func tiledSoftmaxIsTheSoftmax() {
    let (rows, columns) = (Tensor.random([3, 5], seed: 1), Tensor.random([2100, 5], seed: 2))
    let others = Tensor.random([1, 5], seed: 3)
    let all = concatenate([Variable(others), Variable(columns)])
    let expected = logSoftmax(scale(innerProducts(Variable(rows), all), by: 30)).value
    let tiled = TiledSoftmax(rows, columns: columns, others: others, factor: 30)
    let tiles = TiledSoftmax.tiles(2100)
    #expect(tiles == [0..<1024, 1024..<2048, 2048..<2100])
    let got = concatenate(tiles.map { Variable(tiled.logarithms($0)) }, axis: 1).value
    for row in 0..<3 {
      let wanted = Array(expected.array[row * 2101 + 1..<(row + 1) * 2101])
      expectClose(got.rows(row..<row + 1).reshaped([2100]), Tensor([2100], wanted))
    }
    expectClose(exponential(Tensor([3], [0, 1, -.infinity])), Tensor([3], [1, 2.7182817, 0]))
  }
}
