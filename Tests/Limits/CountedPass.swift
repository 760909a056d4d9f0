package import Networks
package import Tensors

/// Counts one pass through layers, forward alone or with the way back, as they are called one after another.
package struct CountedPass {
  /// Height and width of a map, and its images.
  package struct Map: Equatable, Sendable {
    package var images, height, width: Int

    package init(images: Int, height: Int, width: Int) {
      (self.images, self.height, self.width) = (images, height, width)
    }

    package var cells: Int { images * height * width }
  }

  /// So far.
  package internal(set) var count = ArithmeticCount()
  private let isTraining: Bool
  /// Numbers an optimiser keeps of each weight.
  private let numbersPerWeight: Int
  let weightBytes: Int
  /// Whether something that trains came before, so that gradients pass on.
  private var passesGradient = false

  /// A pass that keeps nothing.
  ///
  /// - Parameter precision: in which weights are read.
  package static func inference(_ precision: Precision = .float32) -> CountedPass {
    CountedPass(
      isTraining: false, numbersPerWeight: 0, weightBytes: precision == .bfloat16 ? 2 : 4)
  }

  /// Forward, back, and the optimiser's step.
  ///
  /// - Parameter numbersPerWeight: that the optimiser keeps: 1 for momentum, 2 for Adam.
  package static func training(numbersPerWeight: Int) -> CountedPass {
    CountedPass(isTraining: true, numbersPerWeight: numbersPerWeight, weightBytes: 4)
  }

  private init(isTraining: Bool, numbersPerWeight: Int, weightBytes: Int) {
    (self.isTraining, self.numbersPerWeight) = (isTraining, numbersPerWeight)
    self.weightBytes = weightBytes
  }

  /// Pixels, embeddings and the like, of 4 bytes.
  package mutating func move(numbers: Int) { count.bytes += 4 * Double(numbers) }

  /// Dense, [kernel height, kernel width, C, C'], or depthwise, [kernel height, kernel width, C].
  ///
  /// - Parameter isAgain: whether the weights have been counted, as of a head that all levels share.
  /// - Returns: the map that comes out.
  @discardableResult
  package mutating func convolution(
    _ weight: Parameter, stride: Int, padding: Padding, _ map: Map, isAgain: Bool = false
  ) -> Map {
    let shape = weight.value.shape
    let out = Map(
      images: map.images,
      height: padding.resolve(input: map.height, kernel: shape[0], stride: stride).output,
      width: padding.resolve(input: map.width, kernel: shape[1], stride: stride).output)
    let operations = 2 * Double(out.cells) * Double(weight.value.count)
    let times = add(weight, outputs: out.cells * shape[shape.count - 1], isAgain: isAgain)
    if shape.count == 3 {
      count.depthwise += times * operations
    } else {
      count.written += times * operations
      let isFiltered =
        shape[0] == 3 && shape[1] == 3 && stride == 1 && shape[2] % 16 == 0 && shape[3] % 16 == 0
      count.products += times * operations / (isFiltered ? 4 : 1)
    }
    return out
  }

  /// Both kinds of `ConvolutionNorm`.
  @discardableResult
  package mutating func convolution(
    _ layer: ConvolutionNorm, _ map: Map, isAgain: Bool = false
  ) -> Map {
    convolution(
      layer.weight, stride: layer.stride, padding: layer.padding, map, isAgain: isAgain)
  }

  /// `rows` rows by a matrix.
  package mutating func linear(_ weight: Parameter, rows: Int, isAgain: Bool = false) {
    let shape = weight.value.shape
    let times = add(weight, outputs: rows * shape[shape.count - 1], isAgain: isAgain)
    product(times * Double(rows) * Double(weight.value.count))
  }

  /// A product without weights, of so many multiply-adds.
  package mutating func product(_ multiplyAdds: Double, least: Double? = nil) {
    count.written += 2 * multiplyAdds
    count.products += 2 * (least ?? multiplyAdds)
  }

  /// Counts what moves, and says how many products of the layer's size there are.
  private mutating func add(_ weight: Parameter, outputs: Int, isAgain: Bool) -> Double {
    if !isAgain { count.bytes += Double(weight.value.count * weightBytes) }
    guard isTraining else { return 1 }
    let products = 1 + (weight.isTrained ? 1 : 0) + (passesGradient ? 1 : 0)
    if weight.isTrained { passesGradient = true }
    guard passesGradient else { return Double(products) }
    // What comes out is written on the way forward and read on the way back.
    count.bytes += 8 * Double(outputs)
    if weight.isTrained, !isAgain {
      // Read again for the gradient of what came in; the gradient written; all of it read and, but the
      // gradient, written by the optimiser.
      let optimiser = (2 + numbersPerWeight) + (1 + numbersPerWeight)
      count.bytes += 4 * Double(weight.value.count * (2 + optimiser))
    }
    return Double(products)
  }
}
