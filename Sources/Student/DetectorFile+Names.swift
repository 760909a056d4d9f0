import Networks
import Support
import Tensors

/// What the programs call a detector's parts.
extension DetectorFile {
  /// Of a level of the backbone.
  func lateral(_ level: Int) -> String { pyramid(level, "inner_blocks", "fpn_lateral") }
  func output(_ level: Int) -> String { pyramid(level, "layer_blocks", "fpn_output") }

  /// torchvision counts from the finest level that there is, and had other names before version 0.13.
  private func pyramid(_ level: Int, _ blocks: String, _ layer: String) -> String {
    guard program == .torchvision else { return "backbone.\(layer)\(level)" }
    func name(_ number: Int) -> String {
      let name = "backbone.fpn.\(blocks).\(number)"
      return weights.contains("\(name).weight") ? name : "\(name).0"
    }
    let count = (0..<4).prefix { weights.contains("\(name($0)).weight") }.count
    return name(level + count - 6)
  }

  /// Whether levels above 5 have layers of their own, as of a RetinaNet.
  var hasConvolvedLevels: Bool {
    ["backbone.fpn.extra_blocks.p6.weight", "backbone.top_block.p6.weight"]
      .contains(where: weights.contains)
  }

  private var head: String {
    program == .torchvision ? "rpn.head" : "proposal_generator.rpn_head"
  }

  var objectness: String {
    "\(head).\(program == .torchvision ? "cls_logits" : "objectness_logits")"
  }

  var deltas: String { "\(head).\(program == .torchvision ? "bbox_pred" : "anchor_deltas")" }

  /// The proposal network's 3x3 convolutions.
  var hidden: [String] {
    let one = "\(head).conv"
    if weights.contains("\(one).weight") { return [one] }
    return (0..<16).map { program == .torchvision ? "\(one).\($0).0" : "\(one).conv\($0)" }
      .prefix { weights.contains("\($0).weight") }.map { $0 }
  }
}

/// A detector's backbone under the names of torchvision's ResNets.
struct DetectorBackbone: TensorSource {
  private let file: DetectorFile

  init(_ file: DetectorFile) { self.file = file }

  func tensor(_ name: String, shape: [Int]?) throws(InputError) -> Tensor {
    guard file.program == .detectron2 else {
      return try file.weights.tensor("backbone.body.\(name)", shape: shape)
    }
    let own = "backbone.bottom_up.\(Self.detectron2(name))"
    // Norms that change nothing were left out of the first files.
    if name.contains("running_"), let shape, !file.weights.contains(own) {
      let value: Float = name.hasSuffix("running_var") ? 1 : 0
      return Tensor(shape, Array(repeating: value, count: shape.reduce(1, *)))
    }
    let tensor = try file.weights.tensor(own, shape: shape)
    return name == "conv1.weight" && file.isOfBlueFirst ? Self.fromBlueFirst(tensor) : tensor
  }

  /// `layer1.0.bn2.weight` as `res2.0.conv2.norm.weight`.
  private static func detectron2(_ name: String) -> String {
    var parts = name.split(separator: ".").map(String.init)
    if parts[0].hasPrefix("layer"), let stage = Int(parts[0].dropFirst("layer".count)) {
      parts[0] = "res\(stage + 1)"
    } else {
      parts.insert("stem", at: 0)
    }
    if let place = parts.firstIndex(of: "downsample") {
      parts.replaceSubrange(
        place...place + 1, with: parts[place + 1] == "0" ? ["shortcut"] : ["shortcut", "norm"])
    }
    if let place = parts.firstIndex(where: { $0.hasPrefix("bn") }) {
      parts.replaceSubrange(
        place...place, with: ["conv\(parts[place].dropFirst("bn".count))", "norm"])
    }
    return parts.joined(separator: ".")
  }

  /// The stem's kernels [C', 3, h, w] for blue, green and red less their means, as kernels for red, green
  /// and blue divided by their deviations as well.
  private static func fromBlueFirst(_ kernels: Tensor) -> Tensor {
    let channelsFirst = kernels.permuted([1, 0, 2, 3])
    let redFirst = gatherRows(Variable(channelsFirst), [2, 1, 0]).value.permuted([1, 2, 3, 0])
    let deviations = PixelNormalization.imageNet.standardDeviation
    return scaleChannels(Variable(redFirst), by: Tensor([3], deviations)).value
      .permuted([0, 3, 1, 2])
  }
}
