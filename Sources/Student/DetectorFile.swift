import Networks
public import Support
public import Tensors

/// The file of a whole detector on a ResNet with a pyramid, by torchvision or detectron2, from which training
/// starts: its backbone always, its pyramid and its proposal network where ours are the same.
///
/// Neither file says how its detector sees images. Both are taken to have their program's defaults: anchors
/// of 8 strides with the ratios 1 : 2, 1 : 1 and 2 : 1, in the cells' corners; torchvision pixels as its
/// ResNets want them; detectron2, where the stride is on the 1x1 convolutions, blue before green and red,
/// less their means and not divided, else as torchvision's.
public struct DetectorFile {
  /// Who wrote it.
  enum Program: String {
    case torchvision, detectron2
  }

  let program: Program
  let weights: Weights
  private let configuration: StudentConfiguration

  /// nil for a file of a backbone alone.
  ///
  /// - Throws: `InputError` (`configuration`) where the backbone is of another kind.
  public init?(
    _ weights: Weights, for configuration: StudentConfiguration
  ) throws(InputError) {
    if weights.contains("backbone.body.conv1.weight") {
      program = .torchvision
    } else if weights.contains("backbone.bottom_up.stem.conv1.weight") {
      program = .detectron2
    } else {
      return nil
    }
    let family = configuration.backbone.family
    guard program == .torchvision ? family.hasWidth : family.hasBottlenecks else {
      throw InputError(
        .configuration, "a detector of \(program.rawValue) on another backbone", at: weights.path,
        expected: program == .torchvision
          ? "backbone.family resnet50, or another resnet"
          : "backbone.family resnet50, resnet101 or resnet152", got: family.rawValue)
    }
    guard program == .detectron2 || configuration.backbone.stridesFirst != true else {
      throw InputError(
        .configuration, "torchvision's networks have the stride on the 3x3 convolutions",
        at: weights.path, expected: "backbone.strides_first false", got: "true")
    }
    (self.weights, self.configuration) = (weights, configuration)
  }

  /// The backbone's tensors under torchvision's names and for our pixels.
  public var backbone: some TensorSource { DetectorBackbone(self) }

  /// Whether its kernels are for blue before green and red, and for levels that nothing divides.
  var isOfBlueFirst: Bool { program == .detectron2 && configuration.backbone.stridesFirst == true }

  /// Puts pyramid and proposal network into `network`, whose backbone was made of this file, where they
  /// fit.
  ///
  /// - Returns: what was taken, and what not and why, in a line.
  /// - Throws: `InputError` (`badData`) naming the tensor that is missing or has another shape.
  public func start(_ network: ProposalNetwork) throws(InputError) -> String {
    let pixels =
      program == .torchvision
      ? "" : isOfBlueFirst ? " for pixels in BGR, not divided" : " for pixels in RGB, divided"
    let detector = "\(weights.path) is a detector of \(program.rawValue)\(pixels)"
    if let why = pyramidDifference {
      return "\(detector): its backbone is taken, its pyramid and proposal network are not: \(why)"
    }
    let levels = network.pyramid.levels.filter { $0 <= 5 }
    for (number, level) in levels.enumerated() {
      try restore(network.pyramid.lateral[number], lateral(level))
      try restore(network.pyramid.output[number], output(level))
    }
    if let why = proposalDifference {
      return "\(detector): its backbone and pyramid are taken, its proposal network is not: \(why)"
    }
    for (number, layers) in network.hidden.enumerated() { try restore(layers[0], hidden[number]) }
    try restore(network.objectness, objectness) { ofOurAnchors($0, 1) }
    try restore(network.deltas, deltas) { ofOurAnchors($0, 4) }
    network.deltas.bias!.value = inTheMiddle(network.deltas.bias!.value)
    return "\(detector): its backbone, pyramid and proposal network are taken, its heads are not"
  }

  /// Why the pyramid is another; nil where it is not.
  private var pyramidDifference: String? {
    let sizes = configuration.pyramid
    if configuration.normalization.kind != .none {
      return
        "normalization.kind is \(configuration.normalization.kind.rawValue), its layers have biases"
    }
    guard let finest = (2...5).first(where: { weights.contains("\(lateral($0)).weight") }),
      finest <= sizes.finestLevel
    else { return "it has no level \(sizes.finestLevel)" }
    let name = lateral(sizes.finestLevel)
    guard weights.contains("\(name).bias") else { return "its layers have norms" }
    let channels = weights.shape(of: "\(name).weight")?.first ?? 0
    if channels != sizes.channels {
      return "pyramid.channels is \(sizes.channels), its \(channels)"
    }
    if sizes.coarsestLevel > 5 {
      if hasConvolvedLevels { return "its levels above 5 are made in another way" }
      if sizes.coarse == .convolved {
        return "pyramid.coarse is convolved, its level 6 is subsampled"
      }
    }
    return nil
  }

  /// Why the proposal network is another; nil where it is not.
  private var proposalDifference: String? {
    let sizes = configuration.proposals
    guard weights.contains("\(objectness).weight"), weights.contains("\(deltas).weight") else {
      return "it has none"
    }
    if sizes.convolutions != hidden.count {
      return "proposals.convolutions is \(sizes.convolutions), its \(hidden.count)"
    }
    if sizes.anchorScale != Self.scale {
      return "proposals.anchor_scale is \(sizes.anchorScale), its \(Self.scale)"
    }
    let shapes = weights.shape(of: "\(objectness).weight")?.first ?? 0
    if sizes.aspectRatios.sorted() != Self.ratios || shapes != Self.ratios.count {
      return "proposals.aspect_ratios is \(sizes.aspectRatios), its \(shapes) are \(Self.ratios)"
    }
    return configuration.pyramid.coarsestLevel > 6 ? "it has no level 7" : nil
  }

  /// Of the anchors of both programs, in this order.
  private static let (scale, ratios): (Float, [Float]) = (8, [0.5, 1, 2])

  private func restore(_ layer: ConvolutionNorm, _ name: String) throws(InputError) {
    guard case .bias(let bias) = layer.norm else { preconditionFailure("a layer with a norm") }
    try restore(Convolution(weight: layer.weight, bias: bias), name) { $0 }
  }

  /// - Parameter change: of a kernel [C', C, h, w] and a bias [C'].
  private func restore(
    _ layer: Convolution, _ name: String, change: (Tensor) -> Tensor
  ) throws(InputError) {
    let shape = layer.weight.value.shape
    let kernel = try weights.tensor(
      "\(name).weight", shape: [shape[3], shape[2], shape[0], shape[1]])
    layer.weight.value = change(kernel).fromPyTorchConvolution
    layer.bias!.value = change(try weights.tensor("\(name).bias", shape: [shape[3]]))
  }

  /// Outputs, `count` an anchor, in the order of our aspect ratios.
  private func ofOurAnchors(_ tensor: Tensor, _ count: Int) -> Tensor {
    let places = configuration.proposals.aspectRatios.flatMap { ratio in
      let place = Self.ratios.firstIndex(of: ratio)!
      return place * count..<(place + 1) * count
    }
    return gatherRows(Variable(tensor), places).value
  }

  /// Biases of deltas [4 A] from anchors in the cells' corners, as from anchors in their middle.
  private func inTheMiddle(_ biases: Tensor) -> Tensor {
    var values = biases.array
    for (anchor, ratio) in configuration.proposals.aspectRatios.enumerated() {
      let shift = CornerAnchors.shift(aspectRatio: ratio, scale: Self.scale)
      values[4 * anchor] -= shift.x
      values[4 * anchor + 1] -= shift.y
    }
    return Tensor(biases.shape, values)
  }
}
