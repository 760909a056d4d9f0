public import Regions
public import Student
public import Support
public import Tensors

/// The losses of the proposal network over a step's images, on a balanced sample of the anchors of
/// each.
///
/// - Parameters:
///   - objects: of each image, in pixels of the network's input.
///   - crowds: of each image.
/// - Returns: `objectness`, the mean binary cross-entropy; `boxes`, the Huber loss of the
///   foreground's deltas, a mean over the foreground the samples have room for, times its weight.
public func proposalLosses(
  _ prediction: ProposalNetwork.Prediction, objects: [[Box]], crowds: [[Box]],
  configuration: ProposalConfiguration, using generator: inout SeededGenerator
) -> (objectness: Variable, boxes: Variable) {
  let rule = MatchRule(
    foreground: configuration.foregroundOverlap, background: configuration.backgroundOverlap,
    allowsLowQuality: true)
  let count = prediction.anchors.count
  var foreground: [Int] = []
  var background: [Int] = []
  var targets = BoxTargets(coder: .proposals)
  let matched = Parallel.map(objects.indices) { image in
    match(prediction.anchors, to: objects[image], crowds: crowds[image], rule: rule)
  }
  for (image, matches) in matched.enumerated() {
    let sample = sampleBalanced(
      matches, count: configuration.sampledAnchors,
      foregroundShare: configuration.foregroundShare, using: &generator)
    foreground += sample.foreground.map { image * count + $0 }
    background += sample.background.map { image * count + $0 }
    for anchor in sample.foreground {
      targets.add(matches[anchor], of: prediction.anchors[anchor], among: objects[image])
    }
  }
  let rows = foreground + background
  let labels = foreground.map { _ in Float(1) } + background.map { _ in 0 }
  let objectness = binaryCrossEntropyWithLogits(
    gatherRows(reshape(prediction.objectness, [-1]), rows), targets: Tensor([rows.count], labels),
    normaliser: Float(max(1, rows.count)))
  let boxes = targets.loss(
    gatherRows(reshape(prediction.deltas, [-1, 4]), foreground), delta: configuration.boxLossDelta,
    room: configuration.foregroundShare * Double(configuration.sampledAnchors * objects.count),
    weight: configuration.boxLossWeight)
  return (objectness, boxes)
}

/// Where foreground boxes should go.
struct BoxTargets {
  let coder: BoxDeltas
  private var deltas: [Float] = []

  init(coder: BoxDeltas) { self.coder = coder }

  /// The next box, `reference`, which matches one of `objects`.
  mutating func add(_ match: Match, of reference: Box, among objects: [Box]) {
    guard case .foreground(let object) = match else {
      preconditionFailure("\(reference) is not foreground")
    }
    let delta = coder.encode(objects[object], reference: reference)
    deltas += [delta.x, delta.y, delta.z, delta.w]
  }

  /// The Huber loss of the predicted deltas [R, 4], times `weight`.
  ///
  /// The official code takes the mean over the foreground of 256 images. With few images a step,
  /// one that has a single foreground box would weigh as much as a full one; so the sum is divided
  /// by the `room` for foreground, which is the same when the samples are full.
  func loss(_ predicted: Variable, delta: Float, room: Double, weight: Float) -> Variable {
    scale(
      huberLoss(
        predicted, target: Tensor([deltas.count / 4, 4], deltas), delta: delta,
        normaliser: Float(max(1, 4 * room))), by: weight)
  }
}
