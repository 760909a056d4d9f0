import Tensors
import Testing

@Suite struct PointwiseConvolutionTests {
  /// Output widths that fill panels of 32, half panels, and neither; one cell and many.
  @Test(arguments: [(1, 3, 5), (7, 16, 16), (13, 8, 24), (100, 20, 33), (97, 5, 48), (250, 31, 64)])
  func isConv2dThenAdd(cells: Int, inputs: Int, outputs: Int) {
    var generator = SystemRandomNumberGenerator()
    func random(_ shape: [Int]) -> Tensor {
      .normal(shape, standardDeviation: 3, using: &generator)
    }
    let (x, weight) = (random([1, cells, 1, inputs]), random([1, 1, inputs, outputs]))
    let (bias, skip) = (random([outputs]), random([1, cells, 1, outputs]))
    for activation in [Activation.identity, .relu, .relu6, .swish] {
      let packed = PointwiseConvolution(weight: weight, bias: bias, activation: activation)
      let plain = conv2d(
        Variable(x), Variable(weight), bias: Variable(bias), activation: activation
      ).value
      for (got, wanted) in [(packed(x), plain), (packed(x, adding: skip), plain + skip)] {
        #expect(got.shape == wanted.shape)
        let worst = zip(got.array, wanted.array).reduce(0) { max($0, abs($1.0 - $1.1)) }
        #expect(worst < 1e-3, "\(activation)")
      }
    }
  }

  /// (1, 2) times ((1, 10, -1), (2, 20, -2)) is (5, 50, -5); with (1, 1, 1) added and ReLU6
  /// (6, 6, 0); the skip (10, 20, 30) comes after: (16, 26, 30).
  @Test func byHand() {
    let convolution = PointwiseConvolution(
      weight: Tensor([1, 1, 2, 3], [1, 10, -1, 2, 20, -2]), bias: Tensor([3], [1, 1, 1]),
      activation: .relu6)
    let x = Tensor([1, 1, 1, 2], [1, 2])
    #expect(convolution(x, adding: Tensor([1, 1, 1, 3], [10, 20, 30])).array == [16, 26, 30])
  }

  @Test func noCells() {
    let convolution = PointwiseConvolution(
      weight: Tensor(zeros: [1, 1, 4, 5]), bias: Tensor(zeros: [5]))
    #expect(convolution(Tensor(zeros: [0, 3, 3, 4])).shape == [0, 3, 3, 5])
  }
}
