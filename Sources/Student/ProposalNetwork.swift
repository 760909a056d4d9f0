import Foundation
public import Networks
public import Regions
public import Support
public import Tensors

/// The first stage: backbone, pyramid, and a head that says at every anchor whether an object is
/// there and where exactly, whatever its category (Ren et al., 2015; section 3.1 of the paper).
///
/// Letters: B images, A anchors of all levels together.
public struct ProposalNetwork: Sendable {
  public private(set) var backbone: any Backbone
  package private(set) var pyramid: FeaturePyramid
  /// One per level for each convolution: levels share the kernel, and have norms of their own.
  package private(set) var hidden: [[ConvolutionNorm]]
  package private(set) var objectness: Convolution
  package private(set) var deltas: Convolution
  package let anchors: [Anchors]
  public let configuration: StudentConfiguration

  /// What the head says of every anchor of every image.
  public struct Prediction {
    /// All levels' anchors, finest level first, in pixels of the network's input; the same for all
    /// images.
    public let anchors: [Box]
    /// Where each level's anchors begin and end.
    public let levels: [Range<Int>]
    /// [B, A] logits
    public let objectness: Variable
    /// [B, A, 4], relative to the anchors with weights of 1
    public let deltas: Variable

    /// Whether all of it is: `propose` passes over what is not.
    public var isFinite: Bool { objectness.value.isFinite && deltas.value.isFinite }
  }

  /// A new head on a given, usually pretrained, backbone.
  public init(
    backbone: any Backbone, configuration: StudentConfiguration,
    using generator: inout SeededGenerator
  ) {
    self.backbone = backbone
    self.configuration = configuration
    let (head, width) = (configuration.proposals, configuration.pyramid.channels)
    let (norm, levels) = (configuration.normalization, configuration.pyramid.levels)
    pyramid = FeaturePyramid(
      channels: backbone.featureChannels, configuration: configuration.pyramid, norm: norm,
      name: "pyramid", using: &generator)
    hidden = (0..<head.convolutions).map { i in
      let name = "proposals.hidden\(i)"
      let first = ConvolutionNorm.new(
        name, kernel: 3, from: width, to: width, norm: norm,
        normName: "\(name).norm\(levels[0])", activation: .relu, using: &generator)
      return [first]
        + levels.dropFirst().map { level in
          ConvolutionNorm(
            weight: first.weight,
            norm: norm.new("\(name).norm\(level)", channels: width).map { .batch($0) }
              ?? first.norm,
            padding: first.padding, activation: .relu)
        }
    }
    let shapes = head.aspectRatios.count
    objectness = .new(
      "proposals.objectness", kernel: 1, from: width, to: shapes, standardDeviation: 0.01,
      using: &generator)
    deltas = .new(
      "proposals.deltas", kernel: 1, from: width, to: 4 * shapes, standardDeviation: 0.01,
      using: &generator)
    anchors = levels.map { level in
      Anchors(
        stride: 1 << level, size: head.anchorScale * Float(1 << level),
        aspectRatios: head.aspectRatios)
    }
  }

  /// How the backbone wants its pixels.
  public var pixels: PixelNormalization { backbone.pixels }

  /// The same network for inference, norms folded into convolutions.
  ///
  /// - Parameter precision: of the products, and of the maps between them; must be available.
  public func folded(_ precision: Precision = .float32) -> ProposalNetwork {
    var copy = self
    copy.backbone = backbone.folded(precision)
    copy.pyramid = pyramid.folded(precision)
    copy.hidden = hidden.map { $0.map { $0.folded(precision) } }
    copy.objectness = objectness.folded(precision)
    copy.deltas = deltas.folded(precision)
    return copy
  }

  public var parameters: [Parameter] {
    let hidden = hidden.flatMap { levels in
      // Without norms the levels share the bias as well.
      [levels[0].weight]
        + (configuration.normalization.kind == .none
          ? levels[0].norm.parameters : levels.flatMap(\.norm.parameters))
    }
    return backbone.featureParameters + pyramid.parameters + hidden + objectness.parameters
      + deltas.parameters
  }

  /// Lets the optimiser change the backbone at `share` of its rate, 0 or more.
  public func setBackboneRate(_ share: Float) {
    for parameter in backbone.featureParameters { parameter.rateFactor = share }
  }

  /// The pyramid of images: [B, H, W, C] a level, finest first.
  ///
  /// - Parameter pixels: [B, H, W, 3], sides multiples of 32.
  public func features(_ pixels: Variable) -> [Variable] {
    pyramid(backbone.features(pixels))
  }

  /// What the head says of each anchor.
  public func predict(_ features: [Variable]) -> Prediction {
    var boxes = [Box]()
    var levels = [Range<Int>]()
    var scores = [Variable]()
    var steps = [Variable]()
    for (number, (map, anchors)) in zip(features, anchors).enumerated() {
      let x = hidden.reduce(map) { $1[number]($0) }
      scores.append(reshape(objectness(x), [map.shape[0], -1]))
      steps.append(reshape(deltas(x), [map.shape[0], -1, 4]))
      let start = boxes.count
      boxes += anchors.boxes(rows: map.shape[1], columns: map.shape[2])
      levels.append(start..<boxes.count)
    }
    return Prediction(
      anchors: boxes, levels: levels, objectness: concatenate(scores, axis: 1),
      deltas: concatenate(steps, axis: 1))
  }

  /// The best regions of one image, in pixels of the network's input, best first.
  ///
  /// - Parameters:
  ///   - image: its place in the batch.
  ///   - width: of the resized image, without padding; boxes are clipped to it.
  ///   - candidates: boxes per level that compete.
  ///   - nmsThreshold: boxes overlapping a better one by more are dropped.
  ///   - limit: how many to keep at most.
  /// - Returns: regions whose boxes are not empty.
  public func propose(
    _ prediction: Prediction, image: Int = 0, width: Int, height: Int, candidates: Int,
    nmsThreshold: Double, limit: Int
  ) -> [Region] {
    var boxes = [Box]()
    var logits = [Float]()
    let count = prediction.anchors.count
    let smallest = configuration.proposals.smallestSide
    let scores = prediction.objectness.value.withElements {
      Array($0[image * count..<(image + 1) * count])
    }
    prediction.deltas.value.withElements { deltas in
      for level in prediction.levels {
        let best = descendingOrder(Array(scores[level]), first: candidates)
        for i in best.map({ $0 + level.lowerBound }) {
          let at = 4 * (image * count + i)
          let delta = SIMD4(deltas[at], deltas[at + 1], deltas[at + 2], deltas[at + 3])
          let box = BoxDeltas.proposals.decode(delta, reference: prediction.anchors[i])
            .clipped(toWidth: Float(width), height: Float(height))
          if box.isEmpty || min(box.width, box.height) < smallest { continue }
          boxes.append(box)
          logits.append(scores[i])
        }
      }
    }
    let kept = nonMaximumSuppression(
      boxes: boxes, scores: logits, iouThreshold: nmsThreshold, limit: limit)
    return kept.map { Region(box: boxes[$0], score: 1 / (1 + exp(-logits[$0]))) }
  }
}
