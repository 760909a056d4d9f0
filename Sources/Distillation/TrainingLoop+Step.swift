import Cache
import Foundation
import Support
import Tensors

extension TrainingLoop {
  /// Adds up the gradients of the images of one step; returns their ids and mean losses, of each
  /// loss over the forward passes that have it: one without distilled regions says nothing of
  /// ViLD-image.
  func accumulate<Example: Sendable>(
    _ examples: PreparedExamples<Example>, step: Int,
    _ losses: (
      [(id: Int, example: Example)], Int, Tape, inout SeededGenerator
    ) throws -> Losses
  ) throws -> (ids: [Int], values: [(String, Double)]) {
    let size = configuration.imagesPerStep
    var ids = [Int]()
    var mean = [(name: String, sum: Double, share: Double)]()
    var whole = 0.0
    while ids.count < size {
      // Far from the streams that the images have for themselves.
      var generator = SeededGenerator(
        seed: configuration.seed, stream: .max - UInt64(step * size + ids.count))
      var batch = [(id: Int, example: Example)]()
      for _ in 0..<configuration.imagesPerForward {
        let (id, example) = try examples.next()
        ids.append(id)
        if let example { batch.append((id, example)) }
      }
      if batch.isEmpty { continue }
      let tape = Tape()
      let (total, values) = try losses(batch, step, tape, &generator)
      guard total.value.isFinite else {
        throw notFinite(
          "the loss", at: "step \(step), images \(batch.map(\.id))",
          got: values.map { "\($0) \($1)" }.joined(separator: ", "))
      }
      let share = Float(batch.count) / Float(size)
      tape.backward(scale(total, by: share))
      whole += Double(share)
      for (name, value) in [("loss", Double(total.value.scalar))] + values {
        let at = mean.firstIndex { $0.name == name } ?? mean.endIndex
        if at == mean.endIndex { mean.append((name, 0, 0)) }
        mean[at].sum += value * Double(share)
        mean[at].share += Double(share)
      }
    }
    return (ids, mean.map { ($0.name, $0.share == whole ? $0.sum : $0.sum * whole / $0.share) })
  }

  func notFinite(_ what: String, at place: String, got: String) -> InputError {
    InputError(
      .badData, "\(what) is not finite", at: place, got: got,
      hint: "lower learning_rate, or look at these images' annotations")
  }

  func diverged(_ divergence: DivergenceCheck.Divergence, at place: String) -> InputError {
    InputError(
      .badData,
      "the loss '\(divergence.name)' is \(Int(divergence.value / divergence.median)) times its "
        + "running median", at: place,
      expected: "about \(String(format: "%.3g", divergence.median))",
      got: String(format: "%.4g", divergence.value),
      hint: "lower learning_rate or gradient_clip, or look at these images' annotations; the last "
        + "checkpoint is kept")
  }

  /// - Parameter manifest: of what is read, "" for none.
  func save(
    _ optimizer: any Optimizer, _ average: WeightAverage?, step: Int, manifest: String
  ) throws(InputError) {
    var metadata = metadata
    metadata["manifest"] = manifest.isEmpty ? nil : manifest
    try Checkpoint.write(
      parameters, optimizer: optimizer, average: average?.state ?? [], kind: kind, step: step,
      metadata: metadata, to: checkpointPath)
  }

  /// Restores the last checkpoint, if there is one; returns where the run stands.
  func resume(
    _ optimizer: any Optimizer, _ average: WeightAverage?, _ source: TrainingSource
  ) throws(InputError) -> TrainingState {
    var state = TrainingState(
      seed: configuration.seed, globalBatch: configuration.imagesPerStep,
      manifest: source.manifest)
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
    guard state.manifest == source.manifest else {
      throw InputError(
        .badData, "the training run was started on other shards of the cache", at: checkpointPath,
        expected: "manifest \(state.manifest.prefix(12))",
        got: "manifest \(source.manifest.prefix(12))",
        hint: "bring the shards back, or move the folder away to train anew")
    }
    return state
  }

  var checkpointPath: String { "\(folder)/checkpoint.safetensors" }
}
