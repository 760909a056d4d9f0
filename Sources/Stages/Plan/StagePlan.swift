import Foundation
import Support

/// The stages that `vild plan` looks at, in their order.
public enum PlannedStage: String, Codable, Hashable, Sendable, CaseIterable {
  case propose, embed, distill, evaluate
}

/// What a stage would still do and take. `schemas/pipeline-plan.schema.json` describes its JSON.
public struct StagePlan: Codable, Hashable, Sendable {
  /// How far the stage is.
  enum State: String, Codable, Hashable, Sendable {
    case missing, begun, finished
  }

  let stage: PlannedStage
  var state = State.missing
  /// Where the outputs are or will be; nil while that depends on a stage before.
  var folder: String?
  /// All images it works on, and how many of them are done.
  var images = 0
  var imagesDone = 0
  /// Of training, all and done; nil of a stage that does not train.
  var steps: Int?
  var stepsDone: Int?
  /// To embed; nil of other stages.
  var regions: Int?
  /// Whether proposals were not there to be counted: `regions` is the most there may be.
  var regionsAreEstimated: Bool?
  /// For what is left; nil where that is nothing, or no image can be read.
  var seconds: TimeRange?
  /// Of all cores together.
  var cpuSeconds: Double?
  /// The most memory of the process; nil where nothing is left.
  var peakBytes: Int?
  /// That the rest of its outputs will take, checkpoints in between included.
  var diskBytes = 0
  /// What was measured to say so, in words.
  var sample: String?

  init(_ stage: PlannedStage, folder: String?, images: Int) {
    (self.stage, self.folder, self.images) = (stage, folder, images)
  }

  /// The same with nothing left to do.
  var finished: StagePlan {
    var plan = StagePlan(stage, folder: folder, images: images)
    (plan.state, plan.imagesDone, plan.steps) = (.finished, images, steps)
    plan.stepsDone = steps
    return plan
  }

  /// Adds time that was measured.
  mutating func add(_ time: TimeRange, cores: Double) {
    seconds = (seconds ?? .none) + time
    cpuSeconds = (cpuSeconds ?? 0) + time.expected * cores
  }

  /// A row of the table.
  var row: [String] {
    func part(_ all: Int, _ done: Int) -> String {
      done == 0 ? "\(all)" : "\(all - done) of \(all)"
    }
    let isDone = state == .finished
    return [
      stage.rawValue, state.rawValue, part(images, isDone ? 0 : imagesDone),
      steps.map { part($0, isDone ? 0 : stepsDone ?? 0) } ?? "-", seconds?.text ?? "-",
      cpuSeconds.map(TimeRange.text) ?? "-", peakBytes.map(ByteSize.text) ?? "-",
      isDone ? "-" : ByteSize.text(diskBytes),
    ]
  }
}
