import Networks
import ONNX
import Student
import Tensors

extension MaskHead {
  /// [R, C, S, S] in the type of weights to [R, 2 S, 2 S] in 0...1.
  func callAsFunction(_ regions: GraphValue) -> GraphValue {
    let graph = regions.graph
    let x = convolutions.reduce(regions) { $1($0) }
    // A norm is folded into the kernel's last axis.
    let kernel =
      norm.map { scaleChannels(Variable(upsampling.value), by: $0.factors).value }
      ?? upsampling.value
    let sizes = kernel.shape
    let weight = graph.weight(
      upsampling.name, kernel, shape: [sizes[0], sizes[3], sizes[1], sizes[2]]
    ) { $0.permuted([0, 3, 1, 2]) }
    let shifts =
      norm.map { graph.weight($0.bias.name, $0.shifts) }
      ?? bias.map { graph.weight($0.name, $0.value) }
    let y = graph(
      "ConvTranspose", x, weight, shifts,
      with: ["kernel_shape": .ints([sizes[1], sizes[2]]), "strides": [2, 2]]
    ).activated(.relu)
    return logits(y).asFloat32.squeezed([1]).activated(.sigmoid)
  }
}
