package import Networks
import Support
package import Tensors

/// What part of a region is the object, whatever its category (Mask R-CNN, He et al., 2017):
/// convolutions, one that doubles the resolution, and a logit a cell.
package struct MaskHead: Sendable {
  package private(set) var convolutions: [ConvolutionNorm]
  /// [C, 2, 2, C']
  package let upsampling: Parameter
  /// Behind the upsampling: a bias where there is no norm.
  package let norm: BatchNorm?
  package let bias: Parameter?
  package let logits: Convolution

  init(_ configuration: StudentConfiguration, using generator: inout SeededGenerator) {
    let (channels, norm) = (configuration.pyramid.channels, configuration.normalization)
    convolutions = (0..<configuration.masks.convolutions).map { i in
      .new(
        "masks.convolution\(i)", kernel: 3, from: channels, to: channels, norm: norm,
        activation: .relu, using: &generator)
    }
    // One of the kernel's four cells reaches an output.
    upsampling = Parameter(
      "masks.upsampling.weight",
      .heNormal([channels, 2, 2, channels], fan: channels, using: &generator))
    self.norm = norm.new("masks.upsampling.norm", channels: channels)
    bias =
      self.norm == nil
      ? Parameter("masks.upsampling.bias", Tensor(zeros: [channels]), decays: false) : nil
    logits = .new("masks.logits", kernel: 1, from: channels, to: 1, using: &generator)
  }

  /// [R, S, S, C] to [R, 2 S, 2 S] logits.
  func callAsFunction(_ regions: Variable) -> Variable {
    let x = convolutions.reduce(regions) { $1($0) }
    let kernel = upsampling(on: x.tape)
    let bias = bias.map { $0(on: x.tape) }
    let y =
      norm.map { activate($0(transposedConv2d(x, kernel)), .relu) }
      ?? transposedConv2d(x, kernel, bias: bias, activation: .relu)
    return reshape(logits(y), Array(y.shape.dropLast()))
  }

  /// The same for inference, the convolutions' norms folded.
  func folded() -> MaskHead {
    var copy = self
    copy.convolutions = convolutions.map { $0.folded() }
    return copy
  }

  var parameters: [Parameter] {
    convolutions.flatMap(\.parameters) + [upsampling] + (norm?.parameters ?? [])
      + (bias.map { [$0] } ?? []) + logits.parameters
  }
}
