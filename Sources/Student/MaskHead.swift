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
  package private(set) var logits: Convolution
  /// Upsampling and its norm for inference in bfloat16: 4 C' outputs a cell.
  private var frozen: FrozenConvolution?

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
    if x.tape == nil, let frozen {
      // A cell's four stay together until they are one number each.
      let cells = Variable(frozen(x.rounded))
      let four = logits(reshape(cells, [-1, 1, 4, upsampling.value.shape[3]]))
      let spread = spreadCells(reshape(four, Array(x.shape.dropLast()) + [4]), side: 2)
      return reshape(spread, Array(spread.shape.dropLast()))
    }
    let kernel = upsampling(on: x.tape)
    let bias = bias.map { $0(on: x.tape) }
    let y =
      norm.map { activate($0(transposedConv2d(x, kernel)), .relu) }
      ?? transposedConv2d(x, kernel, bias: bias, activation: .relu)
    return reshape(logits(y), Array(y.shape.dropLast()))
  }

  /// The same for inference, the convolutions' norms folded.
  func folded(_ precision: Precision) -> MaskHead {
    var copy = self
    copy.convolutions = convolutions.map { $0.folded(precision) }
    copy.logits = logits.folded(precision)
    copy.frozen = precision == .float32 ? nil : frozenUpsampling
    return copy
  }

  private var frozenUpsampling: FrozenConvolution {
    let shape = upsampling.value.shape
    let kernel = norm.map { scaleChannels(Variable(upsampling.value), by: $0.factors).value }
    let shifts = (norm?.shifts ?? bias!.value).array
    return FrozenConvolution(
      weight: (kernel ?? upsampling.value).reshaped([1, 1, shape[0], 4 * shape[3]]),
      bias: Tensor([4 * shape[3]], Array((0..<4).map { _ in shifts }.joined())), activation: .relu)
  }

  var parameters: [Parameter] {
    convolutions.flatMap(\.parameters) + [upsampling] + (norm?.parameters ?? [])
      + (bias.map { [$0] } ?? []) + logits.parameters
  }
}
