import Foundation
public import Networks
public import Regions
public import Support
public import Tensors

/// The first stage: backbone, pyramid, and a head that says at every anchor whether an object is
/// there and where exactly, whatever its category (Ren et al., 2015; section 3.1 of the paper).
public struct ProposalNetwork: Sendable {
  public private(set) var backbone: EfficientNet
  let pyramid: FeaturePyramid
  private let hidden: [Convolution]
  private let objectness: Convolution
  private let deltas: Convolution
  private let anchors: [Anchors]
  public let configuration: StudentConfiguration

  /// What the head says of every anchor of one image.
  public struct Prediction {
    /// All levels' anchors, finest level first, in pixels of the network's input.
    public let anchors: [Box]
    /// Where each level's anchors begin and end.
    public let levels: [Range<Int>]
    /// [anchors] logits
    public let objectness: Variable
    /// [anchors, 4], relative to the anchors with weights of 1
    public let deltas: Variable
  }

  /// A new head on a given, usually pretrained, backbone.
  public init(
    backbone: EfficientNet, configuration: StudentConfiguration,
    using generator: inout SeededGenerator
  ) {
    self.backbone = backbone
    self.configuration = configuration
    let (head, width) = (configuration.proposals, configuration.pyramid.channels)
    pyramid = FeaturePyramid(
      channels: backbone.featureChannels, configuration: configuration.pyramid, name: "pyramid",
      using: &generator)
    hidden = (0..<head.convolutions).map { i in
      .initialized(
        "proposals.hidden\(i)", kernel: 3, from: width, to: width, activation: .relu,
        using: &generator)
    }
    let shapes = head.aspectRatios.count
    objectness = .initialized(
      "proposals.objectness", kernel: 1, from: width, to: shapes, standardDeviation: 0.01,
      using: &generator)
    deltas = .initialized(
      "proposals.deltas", kernel: 1, from: width, to: 4 * shapes, standardDeviation: 0.01,
      using: &generator)
    anchors = configuration.pyramid.levels.map { level in
      Anchors(
        stride: 1 << level, size: head.anchorScale * Float(1 << level),
        aspectRatios: head.aspectRatios)
    }
  }

  /// The same network for inference, the backbone's norms folded into its convolutions.
  public func folded() -> ProposalNetwork {
    var copy = self
    copy.backbone = backbone.folded()
    return copy
  }

  public var parameters: [Parameter] {
    backbone.featureParameters + pyramid.parameters
      + (hidden + [objectness, deltas]).flatMap(\.parameters)
  }

  /// The pyramid of one image: [1, H, W, C] a level, finest first.
  public func features(_ pixels: Variable) -> [Variable] {
    pyramid(backbone.features(pixels))
  }

  /// What the head says of each anchor.
  public func predict(_ features: [Variable]) -> Prediction {
    var boxes = [Box]()
    var levels = [Range<Int>]()
    var scores = [Variable]()
    var steps = [Variable]()
    for (map, anchors) in zip(features, anchors) {
      let x = hidden.reduce(map) { $1($0) }
      scores.append(reshape(objectness(x), [-1]))
      steps.append(reshape(deltas(x), [-1, 4]))
      let start = boxes.count
      boxes += anchors.boxes(rows: map.shape[1], columns: map.shape[2])
      levels.append(start..<boxes.count)
    }
    return Prediction(
      anchors: boxes, levels: levels, objectness: concatenate(scores), deltas: concatenate(steps))
  }

  /// The best boxes of a prediction, in pixels of the network's input, best first.
  ///
  /// - Parameters:
  ///   - width: of the resized image, without padding; boxes are clipped to it.
  ///   - nmsThreshold: boxes overlapping a better one by more are dropped.
  ///   - limit: how many to keep at most.
  /// - Returns: boxes with a side of at least a pixel, and their objectness in 0...1.
  public func propose(
    _ prediction: Prediction, width: Int, height: Int, nmsThreshold: Double, limit: Int
  ) -> (boxes: [Box], scores: [Float]) {
    var boxes = [Box]()
    var logits = [Float]()
    let scores = prediction.objectness.value.array
    prediction.deltas.value.withElements { deltas in
      for level in prediction.levels {
        let best = descendingOrder(Array(scores[level])).prefix(configuration.proposals.candidates)
        for i in best.map({ $0 + level.lowerBound }) {
          let delta = SIMD4(deltas[4 * i], deltas[4 * i + 1], deltas[4 * i + 2], deltas[4 * i + 3])
          let box = BoxDeltas.proposals.decode(delta, reference: prediction.anchors[i])
            .clipped(toWidth: Float(width), height: Float(height))
          if box.width < 1 || box.height < 1 { continue }
          boxes.append(box)
          logits.append(scores[i])
        }
      }
    }
    let kept = nonMaximumSuppression(
      boxes: boxes, scores: logits, iouThreshold: nmsThreshold, limit: limit)
    return (kept.map { boxes[$0] }, kept.map { 1 / (1 + exp(-logits[$0])) })
  }
}
