import Distillation
import Foundation
import Student
import Support
import Tensors

/// What training a student takes. `schemas/training-plan.schema.json` describes its JSON.
public struct TrainingPlan: Encodable, Sendable {
  /// Bytes of what every parameter has beside its value.
  struct State: Encodable {
    var parameters: Int
    var weights: Int
    var gradients: Int
    var velocities: Int
    /// 0 without a moving average.
    var average: Int

    var bytes: Int { weights + gradients + velocities + average }
  }

  /// Bytes that detection in an image takes.
  struct Detection: Encodable {
    /// Scoring regions by so many categories, beside the names' embeddings.
    struct Scores: Encodable {
      var categories: Int
      var bytes: Int
    }

    /// The longer side of a square image in pixels.
    var longSide: Int
    var proposals: Int
    /// Up to what is said of regions, whatever the categories.
    var bytes: Int
    var bytesPerName: Int
    var scores: [Scores]
  }

  /// Steps that were measured, and the time that they promise.
  struct Time: Encodable {
    /// For the steps that are left, and evaluations in between.
    var seconds: TimeRange
    /// Of all cores together.
    var cpuSeconds: Double
    var sampledSteps: Int
    var secondsPerStep: Double
  }

  let method: Method
  let images: Int
  let epochs: Int
  let steps: Int
  let imagesPerStep: Int
  let imagesPerForward: Int
  /// Where the student is or will be; nil while there are no proposals.
  let folder: String?
  /// Whether it is there.
  let isFinished: Bool
  let stepsDone: Int
  /// Of a padded batch, the largest.
  let pixels: Int
  /// Of a batch, sampled and distilled, at most.
  let regions: Int
  let categories: Int
  let state: State
  /// Bytes of the tensors at a step's peak, as small steps say.
  let formula: MemoryFormula
  let formulaBytes: Int
  let time: Time
  /// Of the tensors at the peak of the steps that were measured.
  let tensorBytes: Int
  /// Of what is read ahead of the cache, at most.
  let recordBytes: Int
  /// Everything else: the program, the teacher before training, annotations, images, checkpoints.
  let otherBytes: Int
  let peakBytes: Int
  /// That the outputs will take.
  let diskBytes: Int
  let detection: Detection

  /// For people.
  public var lines: [String] {
    func text(_ bytes: Int) -> String { ByteSize.text(bytes) }
    func text(_ bytes: Double) -> String { text(Int(bytes.rounded())) }
    let done =
      isFinished
      ? "; finished" : stepsDone > 0 ? "; \(stepsDone.counted("step is", "steps are")) done" : ""
    return [
      "training   \(method.rawValue), \(images.counted("image")), \(epochs.counted("epoch")): "
        + "\(steps.counted("step")) of \(imagesPerStep.counted("image")), "
        + "\(imagesPerForward) at a time\(done)",
      "weights    \(state.parameters) parameters: \(text(state.weights)), gradients "
        + "\(text(state.gradients)), velocities \(text(state.velocities)), moving average "
        + text(state.average),
      "tensors    \(text(formula.fixed)) + \(text(formula.perPixel)) x pixels"
        + " + \(text(formula.perRegion)) x regions + \(text(formula.perCategory)) x categories"
        + " + \(text(formula.perRegionAndCategory)) x regions x categories",
      "           \(text(formulaBytes)) with \(pixels) pixels, \(regions) regions and "
        + "\(categories.counted("category")) at a time",
      "memory     \(text(peakBytes)) at the peak: \(text(tensorBytes)) tensors, "
        + "\(text(recordBytes)) read ahead of the cache, \(text(otherBytes)) everything else",
      "disk       \(text(diskBytes))",
      "time       \(time.seconds.text), CPU \(TimeRange.text(time.cpuSeconds)); measured on "
        + time.sampledSteps.counted("step") + String(format: " of %.2f s", time.secondsPerStep),
      "detection  \(text(detection.bytes)) for an image of \(detection.longSide) x "
        + "\(detection.longSide) pixels and \(detection.proposals.counted("proposal")); scores "
        + detection.scores.map { "\(text($0.bytes)) for \($0.categories.counted("category"))" }
        .joined(separator: ", ") + "; \(text(detection.bytesPerName)) a name",
    ]
  }
}

extension StagePlan {
  init(_ plan: TrainingPlan) {
    self.init(.distill, folder: plan.folder, images: plan.images)
    (steps, stepsDone) = (plan.steps, plan.stepsDone)
    if plan.isFinished {
      self = finished
      return
    }
    state = plan.stepsDone > 0 ? .begun : .missing
    seconds = plan.time.seconds
    cpuSeconds = plan.time.cpuSeconds
    peakBytes = plan.peakBytes
    diskBytes = plan.diskBytes
    sample = plan.time.sampledSteps.counted("step")
  }
}
