import Foundation
import Tensors

/// What a rank says of its share of a step, before its gradients are added to the others'.
struct StepReport: Codable {
  /// A forward pass: how much of the step it is, and its mean losses.
  struct Pass: Codable {
    let share: Float
    let losses: [Loss]
  }

  struct Loss: Codable {
    let name: String
    let value: Double
  }

  /// A running statistic's, for the others.
  struct Move: Codable {
    /// Its place among the loop's parameters.
    let parameter: Int
    let share: Float
    /// The batch's numbers as bytes.
    let batch: Data
  }

  let step: Int
  /// The ids of the images that could be used.
  var images: [Int] = []
  var passes: [Pass] = []
  var moves: [Move] = []
  /// What the leader is to say: what came up on this rank.
  var notes: [String] = []
  /// The signal that asks this rank to stop.
  var stop: Int32?

  init(step: Int) { self.step = step }
}

extension [StepReport] {
  /// The means of each loss over the forward passes that have it: one without distilled regions says
  /// nothing of ViLD-image. Examples that cannot be used count nowhere.
  var figures: [(String, Double)] {
    var mean = [(name: String, sum: Double, share: Double)]()
    var whole = 0.0
    for pass in flatMap(\.passes) {
      whole += Double(pass.share)
      for loss in pass.losses {
        let at = mean.firstIndex { $0.name == loss.name } ?? mean.endIndex
        if at == mean.endIndex { mean.append((loss.name, 0, 0)) }
        mean[at].sum += loss.value * Double(pass.share)
        mean[at].share += Double(pass.share)
      }
    }
    return mean.map { ($0.name, $0.share == whole ? $0.sum : $0.sum * whole / $0.share) }
  }
}

extension StepReport.Move {
  init(_ move: RunningMove, parameter: Int) {
    self.parameter = parameter
    share = move.share
    batch = move.batch.withElements { Data(buffer: $0) }
  }

  func apply(to parameters: [Parameter]) {
    let statistic = parameters[parameter]
    let numbers = batch.withUnsafeBytes { bytes in
      (0..<statistic.value.count).map {
        bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self)
      }
    }
    RunningMove(statistic: statistic, batch: Tensor(statistic.value.shape, numbers), keeping: share)
      .apply()
  }
}
