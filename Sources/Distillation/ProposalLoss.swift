public import Regions
public import Student
public import Support
public import Tensors

/// The losses of the proposal network over one image, on a balanced sample of its anchors.
///
/// - Returns: `objectness`, the mean binary cross-entropy; `boxes`, the Huber loss (delta 1/9) of
///   the foreground's deltas, a mean over the foreground the sample has room for, times its weight.
public func proposalLosses(
  _ prediction: ProposalNetwork.Prediction, objects: [Box], crowds: [Box],
  configuration: ProposalConfiguration, using generator: inout SeededGenerator
) -> (objectness: Variable, boxes: Variable) {
  let rule = MatchRule(
    foreground: configuration.foregroundOverlap, background: configuration.backgroundOverlap,
    allowsLowQuality: true)
  let matches = match(prediction.anchors, to: objects, crowds: crowds, rule: rule)
  let sample = sampleBalanced(
    matches, count: configuration.sampledAnchors, foregroundShare: configuration.foregroundShare,
    using: &generator)
  let rows = sample.foreground + sample.background
  let labels =
    Array(repeating: Float(1), count: sample.foreground.count)
    + Array(repeating: 0, count: sample.background.count)
  let objectness = binaryCrossEntropyWithLogits(
    gatherRows(prediction.objectness, rows), targets: Tensor([rows.count], labels),
    normaliser: Float(max(1, rows.count)))
  let boxes = boxLoss(
    prediction.deltas, rows: sample.foreground, references: prediction.anchors, matches: matches,
    objects: objects, coder: .proposals, delta: 1 / 9,
    room: configuration.foregroundShare * Double(configuration.sampledAnchors),
    weight: configuration.boxLossWeight)
  return (objectness, boxes)
}

/// The Huber loss of the deltas of foreground boxes, times `weight`.
///
/// The official code takes the mean over the foreground of 256 images. With few images a step, one
/// that has a single foreground box would weigh as much as a full one; so the sum is divided by the
/// `room` for foreground, which is the same when the sample is full.
func boxLoss(
  _ deltas: Variable, rows: [Int], references: [Box], matches: [Match], objects: [Box],
  coder: BoxDeltas, delta: Float, room: Double, weight: Float
) -> Variable {
  let targets = rows.flatMap { row -> [Float] in
    guard case .foreground(let object) = matches[row] else {
      preconditionFailure("box \(row) is not foreground")
    }
    let target = coder.encode(objects[object], reference: references[row])
    return [target.x, target.y, target.z, target.w]
  }
  return huberLoss(
    gatherRows(deltas, rows), target: Tensor([rows.count, 4], targets), delta: delta,
    normaliser: Float(max(1, 4 * room)) / weight)
}
