import Foundation
import Support
import Tensors

extension TrainingLoop {
  /// Adds up the gradients of the examples of one step; returns the ids of their images and mean
  /// losses, of each loss over the forward passes that have it: one without distilled regions says
  /// nothing of ViLD-image. Examples that cannot be used count nowhere.
  func accumulate<Element, Example>(
    _ examples: PreparedExamples<Element, Example>, step: Int,
    _ losses: ([Example], Int, Tape, inout SeededGenerator) throws -> Losses
  ) throws -> (images: [Int], figures: [(String, Double)]) {
    var images = [Int]()
    var mean = [(name: String, sum: Double, share: Double)]()
    var whole = 0.0
    for first in stride(from: 0, to: examplesPerStep, by: examplesPerForward) {
      // Far from the streams that the elements have for themselves.
      var generator = SeededGenerator(
        seed: seed, stream: .max - UInt64(step * examplesPerStep + first))
      var batch = [Example]()
      let before = images.count
      for _ in 0..<examplesPerForward {
        let (image, example) = try examples.next()
        guard let example else { continue }
        batch.append(example)
        if let image { images.append(image) }
      }
      if batch.isEmpty { continue }
      let tape = Tape()
      let (total, values) = try losses(batch, step, tape, &generator)
      guard total.value.isFinite else {
        throw notFinite(
          "the loss", step, Array(images[before...]),
          got: values.map { "\($0) \($1)" }.joined(separator: ", "))
      }
      let share = Float(batch.count) / Float(examplesPerStep)
      tape.backward(scale(total, by: share))
      whole += Double(share)
      for (name, value) in [("loss", Double(total.value.scalar))] + values {
        let at = mean.firstIndex { $0.name == name } ?? mean.endIndex
        if at == mean.endIndex { mean.append((name, 0, 0)) }
        mean[at].sum += value * Double(share)
        mean[at].share += Double(share)
      }
    }
    return (images, mean.map { ($0.name, $0.share == whole ? $0.sum : $0.sum * whole / $0.share) })
  }

  func notFinite(_ what: String, _ step: Int, _ images: [Int], got: String) -> InputError {
    InputError(
      .badData, "\(what) is not finite", at: place(step, images), got: got,
      hint: "lower \(advice.learningRate)\(lookAt(images))")
  }

  func diverged(
    _ divergence: DivergenceCheck.Divergence, _ step: Int, _ images: [Int]
  ) -> InputError {
    InputError(
      .badData,
      "the loss '\(divergence.name)' is \(Int(divergence.value / divergence.median)) times its "
        + "running median", at: place(step, images),
      expected: "about \(String(format: "%.3g", divergence.median))",
      got: String(format: "%.4g", divergence.value),
      hint: "lower \(advice.learningRate) or \(advice.gradientClip)\(lookAt(images)); the last "
        + "checkpoint is kept")
  }

  private func place(_ step: Int, _ images: [Int]) -> String {
    "step \(step)" + (images.isEmpty ? "" : ", images \(images)")
  }

  private func lookAt(_ images: [Int]) -> String {
    images.isEmpty ? "" : ", or look at these images' annotations"
  }

  /// - Parameter manifest: of what is read, "" for none.
  func save(_ average: WeightAverage?, step: Int, manifest: String) throws(InputError) {
    var metadata = metadata
    metadata["manifest"] = manifest.isEmpty ? nil : manifest
    try Checkpoint.write(
      parameters, optimizer: optimizer, average: average?.state ?? [], kind: kind, step: step,
      metadata: metadata, to: checkpointPath)
  }

  /// Restores the last checkpoint, if there is one; returns where the run stands.
  func resume(
    _ average: WeightAverage?, manifest: String
  ) throws(InputError) -> TrainingState {
    var state = TrainingState(seed: seed, globalBatch: examplesPerStep, manifest: manifest)
    guard Files.exists(checkpointPath) else { return state }
    let checkpoint = try Checkpoint(
      path: checkpointPath, kind: kind,
      remedy: "remove the file, and the same command trains anew")
    for (name, value) in metadata.sorted(by: { $0.key < $1.key })
    where checkpoint.metadata[name] != value {
      throw InputError(
        .badData, "the checkpoint was made with another \(name)", at: checkpointPath,
        expected: value, got: checkpoint.metadata[name] ?? "none",
        hint: "move the folder away to train anew")
    }
    try checkpoint.restore(parameters)
    try checkpoint.restore(optimizer)
    try average?.restore(from: checkpoint)
    state.step = checkpoint.step
    state.manifest = checkpoint.metadata["manifest"] ?? ""
    guard state.manifest == manifest else {
      throw InputError(
        .badData, "the training run was started on other shards of the cache", at: checkpointPath,
        expected: "manifest \(state.manifest.prefix(12))",
        got: "manifest \(manifest.prefix(12))",
        hint: "bring the shards back, or move the folder away to train anew")
    }
    return state
  }

  var checkpointPath: String { "\(folder)/checkpoint.safetensors" }
}
