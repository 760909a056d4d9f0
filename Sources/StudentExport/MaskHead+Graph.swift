import NetworkExport
import Networks
import ONNX
import Student
import Tensors

extension MaskHead {
  /// [R, C, S, S] in the type of weights to [R, 2 S, 2 S] in 0...1.
  func callAsFunction(_ regions: GraphValue) -> GraphValue {
    let graph = regions.graph
    let x = convolutions.reduce(regions) { $1($0) }
    let kernel = upsampling.value.shape
    let weight = graph.weight(
      upsampling.name, upsampling.value, shape: [kernel[0], kernel[3], kernel[1], kernel[2]]
    ) { $0.permuted([0, 3, 1, 2]) }
    let product = graph(
      "ConvTranspose", x, weight, bias.map { graph.weight($0.name, $0.value) },
      with: ["kernel_shape": .ints([kernel[1], kernel[2]]), "strides": [2, 2]])
    let y = (norm.map { $0(product) } ?? product).activated(.relu)
    return logits(y).asFloat32.squeezed([1]).activated(.sigmoid)
  }
}
