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

  let method: Method
  let images: Int
  let epochs: Int
  let steps: Int
  let imagesPerStep: Int
  let imagesPerForward: Int
  /// Of a padded batch, the largest.
  let pixels: Int
  /// Of a batch, sampled and distilled, at most.
  let regions: Int
  let categories: Int
  let state: State
  /// Bytes of the tensors at a step's peak.
  let formula: MemoryFormula
  let tensorBytes: Int
  /// Everything that is not a tensor: the program, annotations, images.
  let otherBytes: Int
  let peakBytes: Int
  let detection: Detection

  /// For people.
  public var lines: [String] {
    func text(_ bytes: Int) -> String { EmbeddingSize.text(bytes) }
    func text(_ bytes: Double) -> String { text(Int(bytes.rounded())) }
    return [
      "training   \(method.rawValue), \(images) images, \(epochs) epochs: \(steps) steps of "
        + "\(imagesPerStep) images, \(imagesPerForward) at a time",
      "weights    \(state.parameters) parameters: \(text(state.weights)), gradients "
        + "\(text(state.gradients)), velocities \(text(state.velocities)), moving average "
        + text(state.average),
      "tensors    \(text(formula.fixed)) + \(text(formula.perPixel)) x pixels"
        + " + \(text(formula.perRegion)) x regions + \(text(formula.perCategory)) x categories"
        + " + \(text(formula.perRegionAndCategory)) x regions x categories",
      "           \(text(tensorBytes)) with \(pixels) pixels, \(regions) regions and "
        + "\(categories) categories at a time",
      "memory     \(text(peakBytes)) at the peak, \(text(otherBytes)) of it not tensors",
      "detection  \(text(detection.bytes)) for an image of \(detection.longSide) x "
        + "\(detection.longSide) pixels and \(detection.proposals) proposals; scores "
        + detection.scores.map { "\(text($0.bytes)) for \($0.categories) categories" }
        .joined(separator: ", ") + "; \(text(detection.bytesPerName)) a name",
    ]
  }
}
