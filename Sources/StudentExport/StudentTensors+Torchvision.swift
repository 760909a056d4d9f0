import Networks
public import Student
public import Support
import Tensors

extension StudentTensors {
  /// The state dictionary of torchvision's Mask R-CNN on a ResNet with a pyramid; `TorchvisionModule` is
  /// the model that it is loaded into.
  ///
  /// A class-agnostic box or mask stands there once for background and for each name. Anchors are in the
  /// order of their aspect ratios, and in the corners of their cells.
  ///
  /// - Parameters:
  ///   - student: norms not folded.
  ///   - names: how many it is asked for.
  ///   - path: of its file, for errors.
  /// - Throws: `InputError` (`configuration`) for another architecture, naming the first key that differs.
  public init(torchvision student: Student, names: Int, path: String) throws(InputError) {
    if let (key, expected, got) = Self.difference(student.configuration) {
      throw InputError(
        .configuration, "the student is not torchvision's Mask R-CNN by its \(key)", at: path,
        expected: expected, got: got, hint: "--format safetensors writes any student")
    }
    guard let method = student.regions as? any TorchvisionMethod else {
      preconditionFailure("no names are known of \(type(of: student.regions))")
    }
    var parts = TorchvisionParts(student.configuration, classes: 1 + names)
    parts.add(student.proposals)
    method.add(to: &parts)
    if let masks = student.masks { parts.add(masks) }
    self.init(parts.tensors)
  }

  /// The first key by which a student is another network, what it should be, and what it is.
  private static func difference(_ sizes: StudentConfiguration) -> (String, String, String)? {
    let (backbone, pyramid, widths) = (sizes.backbone, sizes.pyramid, sizes.regions.fullyConnected)
    if !backbone.family.hasWidth {
      return ("backbone.family", "a resnet", backbone.family.rawValue)
    }
    if let width = backbone.width, width != 64 { return ("backbone.width", "64", "\(width)") }
    if backbone.stridesFirst == true { return ("backbone.strides_first", "false", "true") }
    if sizes.normalization.kind != .none {
      return ("normalization.kind", "none", sizes.normalization.kind.rawValue)
    }
    if pyramid.coarsestLevel != 6 {
      return ("pyramid.coarsest_level", "6", "\(pyramid.coarsestLevel)")
    }
    if pyramid.coarse != .subsampled {
      return ("pyramid.coarse", "subsampled", pyramid.coarse.rawValue)
    }
    if sizes.regions.convolutions != 0 {
      return ("regions.convolutions", "0", "\(sizes.regions.convolutions)")
    }
    if widths.count != 2 || widths[0] != widths[1] {
      return ("regions.fully_connected", "two equal widths", "\(widths)")
    }
    return nil
  }
}

/// Tensors under torchvision's names, part by part.
private struct TorchvisionParts {
  private(set) var tensors: [(name: String, value: Tensor)] = []
  private let layout: PyTorchLayout
  /// Background and the names.
  private let classes: Int
  private let proposals: ProposalConfiguration

  init(_ configuration: StudentConfiguration, classes: Int) {
    (layout, proposals) = (PyTorchLayout(of: configuration), configuration.proposals)
    self.classes = classes
  }

  /// - Parameter parameters: the weight, and where there is one the bias.
  mutating func add(
    _ name: String, _ parameters: [Parameter], change: (Tensor) -> Tensor = { $0 }
  ) {
    for (part, parameter) in zip(["weight", "bias"], parameters) {
      tensors.append(("\(name).\(part)", change(layout(parameter))))
    }
  }

  mutating func add(_ network: ProposalNetwork) {
    for parameter in network.backbone.featureParameters {
      tensors.append(("backbone.body.\(parameter.name)", layout(parameter)))
    }
    let pyramid = network.pyramid
    for (name, layers) in [("inner", pyramid.lateral), ("layer", pyramid.output)] {
      for (level, layer) in layers.enumerated() {
        add("backbone.fpn.\(name)_blocks.\(level).0", layer.parameters)
      }
    }
    for (i, levels) in network.hidden.enumerated() {
      add("rpn.head.conv.\(i).0", levels[0].parameters)
    }
    let ratios = proposals.aspectRatios
    let order = ratios.indices.sorted { ratios[$0] < ratios[$1] }
    add("rpn.head.cls_logits", network.objectness.parameters) { $0.rows(at: order) }
    add("rpn.head.bbox_pred", network.deltas.parameters) { [proposals] tensor in
      let rows = tensor.rows(at: order.flatMap { 4 * $0..<4 * $0 + 4 })
      guard rows.shape.count == 1 else { return rows }
      var biases = rows.array
      for (place, anchor) in order.enumerated() {
        let shift = CornerAnchors.shift(
          aspectRatio: ratios[anchor], scale: proposals.anchorScale)
        biases[4 * place] += shift.x
        biases[4 * place + 1] += shift.y
      }
      return Tensor(rows.shape, biases)
    }
  }

  mutating func add(_ name: String, _ trunk: RegionTrunk) {
    for (layer, connected) in zip(["fc6", "fc7"], trunk.connected) {
      add("roi_heads.\(name).\(layer)", connected.parameters)
    }
  }

  mutating func add(_ head: RegionHead) {
    add("box_head", head.trunk)
    add("roi_heads.box_predictor.projection", head.projection.parameters)
    add(boxes: head.deltas)
  }

  mutating func add(_ classifier: TextClassifier) {
    tensors.append(("roi_heads.box_predictor.background", classifier.background.value))
  }

  mutating func add(boxes: Linear) {
    add("roi_heads.box_predictor.bbox_pred", boxes.parameters, change: ofEveryClass)
  }

  mutating func add(_ masks: MaskHead) {
    for (i, layer) in masks.convolutions.enumerated() {
      add("roi_heads.mask_head.\(i).0", layer.parameters)
    }
    let predictor = "roi_heads.mask_predictor"
    add("\(predictor).conv5_mask", [masks.upsampling] + (masks.bias.map { [$0] } ?? []))
    add(
      "\(predictor).mask_fcn_logits", masks.logits.parameters, change: ofEveryClass)
  }

  private func ofEveryClass(_ tensor: Tensor) -> Tensor {
    let rows = Array(0..<tensor.shape[0])
    return tensor.rows(at: (0..<classes).flatMap { _ in rows })
  }
}

extension Tensor {
  /// Parts along the first axis, in another order or more than once.
  fileprivate func rows(at places: [Int]) -> Tensor {
    gatherRows(Variable(self), places).value
  }
}

/// A second stage that has names in torchvision.
private protocol TorchvisionMethod {
  func add(to parts: inout TorchvisionParts)
}

extension Supervised: TorchvisionMethod {
  fileprivate func add(to parts: inout TorchvisionParts) {
    parts.add("box_head", trunk)
    parts.add("roi_heads.box_predictor.cls_score", classifier.parameters)
    parts.add(boxes: deltas)
  }
}

extension ViLDText: TorchvisionMethod {
  fileprivate func add(to parts: inout TorchvisionParts) {
    parts.add(head)
    parts.add(classifier)
  }
}

extension ViLDImage: TorchvisionMethod {
  fileprivate func add(to parts: inout TorchvisionParts) { parts.add(head) }
}

extension ViLD: TorchvisionMethod {
  fileprivate func add(to parts: inout TorchvisionParts) {
    parts.add(head)
    parts.add(classifier)
  }
}

extension ViLDEnsemble: TorchvisionMethod {
  fileprivate func add(to parts: inout TorchvisionParts) {
    parts.add(text)
    parts.add(classifier)
    parts.add("box_head.image", imageTrunk)
    parts.add("roi_heads.box_predictor.image", imageProjection.parameters)
  }
}
