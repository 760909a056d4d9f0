import Tensors
import Training

/// The mean of the losses of single images, for networks that take them one by one.
///
/// - Parameter losses: of at least one image; a part that an image has not counts as zero.
func mean(_ losses: [TrainingLoop.Losses]) -> TrainingLoop.Losses {
  let share = 1 / Float(losses.count)
  let total = losses.dropFirst().reduce(losses[0].total) { add($0, $1.total) }
  var values = [(String, Double)]()
  for (name, value) in losses.flatMap(\.values) {
    if let at = values.firstIndex(where: { $0.0 == name }) {
      values[at].1 += value * Double(share)
    } else {
      values.append((name, value * Double(share)))
    }
  }
  return (losses.count == 1 ? total : scale(total, by: share), values)
}
