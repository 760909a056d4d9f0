import Cache
import Foundation
public import Support
public import Tensors

/// Trains the parameters of one network and can be stopped and continued at any step.
///
/// Which images a step sees and every random choice follow from the seed and the step alone, so a
/// resumed run is the uninterrupted one, bit for bit, on the same machine and number of threads.
public struct TrainingLoop {
  public let configuration: TrainingConfiguration
  /// What is trained; also the checkpoint's kind.
  public let kind: String
  public let parameters: [Parameter]
  /// Where checkpoint and log are kept.
  public let folder: String
  /// Written into the checkpoint; resuming with other values under these names is refused.
  public let metadata: [String: String]

  /// The losses of one image and their weighted sum, on a fresh tape.
  public typealias Losses = (total: Variable, values: [(String, Double)])

  public init(
    configuration: TrainingConfiguration, kind: String, parameters: [Parameter], folder: String,
    metadata: [String: String]
  ) {
    self.configuration = configuration
    self.kind = kind
    self.parameters = parameters
    self.folder = folder
    self.metadata = metadata
  }

  var checkpointPath: String { "\(folder)/checkpoint.safetensors" }

  /// Runs from the last checkpoint, or the start, to the end.
  ///
  /// - Parameters:
  ///   - imageCount: how many training images there are.
  ///   - image: the id of one of them by its place among them; the list need not be at hand.
  ///   - losses: the losses of one image, nil when it cannot be used; called from one thread.
  /// - Throws: `Stopped` after a signal, with a checkpoint written; `InputError` when a loss is not
  ///   finite, naming the step's images, or when the checkpoint belongs to another recipe.
  public func run(
    imageCount: Int, image: (_ place: Int) throws -> Int,
    losses: (_ imageID: Int, _ tape: Tape, inout SeededGenerator) throws -> Losses?
  ) throws {
    guard imageCount > 0 else {
      throw InputError(.badData, "there are no images to train on", at: folder)
    }
    try Files.createFolder(folder)
    let optimizer = SGD(
      parameters.filter(\.isTrained), momentum: configuration.momentum,
      decay: configuration.weightDecay,
      maximumNorm: configuration.gradientClip > 0 ? configuration.gradientClip : nil)
    let steps = stepCount(images: imageCount)
    let schedule = configuration.rates(steps: steps)
    let order = EpochOrder(seed: configuration.seed, count: imageCount)
    let start = try resume(optimizer)
    let log = try TrainingLog(path: "\(folder)/log.jsonl", from: start)
    let progress = StageProgress(stage: kind, unit: "steps", total: steps, done: start)

    for step in start..<max(start, steps) {
      let began = ProcessInfo.processInfo.systemUptime
      let batch = try (0..<configuration.imagesPerStep).map { i in
        try image(order.image(at: step * configuration.imagesPerStep + i).index)
      }
      let values = try accumulate(batch, step: step, losses)
      let rate = schedule.rate(at: step)
      optimizer.step(rate: rate)
      let seconds = ProcessInfo.processInfo.systemUptime - began
      try log.append(
        step: step, values + [("learning_rate", Double(rate)), ("seconds", seconds)])
      progress.advance(detail: values)
      let isStopped = StopSignal.current != nil
      if isStopped || (step + 1) % configuration.checkpointSteps == 0 || step + 1 == steps {
        try save(optimizer, step: step + 1)
      }
      try StopSignal.check()
    }
    progress.finish()
  }

  /// The same for images whose ids are at hand.
  public func run(
    images: [Int],
    losses: (_ imageID: Int, _ tape: Tape, inout SeededGenerator) throws -> Losses?
  ) throws {
    try run(imageCount: images.count, image: { images[$0] }, losses: losses)
  }

  /// Adds up the gradients of the images of one step; returns their mean losses.
  private func accumulate(
    _ batch: [Int], step: Int,
    _ losses: (Int, Tape, inout SeededGenerator) throws -> Losses?
  ) throws -> [(String, Double)] {
    var mean = [(String, Double)]()
    let share = 1 / Float(batch.count)
    for (i, id) in batch.enumerated() {
      var generator = SeededGenerator(
        seed: configuration.seed, stream: UInt64(step * batch.count + i) + 1)
      let tape = Tape()
      guard let (total, values) = try losses(id, tape, &generator) else { continue }
      guard total.value.isFinite else {
        throw InputError(
          .badData, "the loss is not finite", at: "step \(step), images \(batch)",
          got: values.map { "\($0) \($1)" }.joined(separator: ", "),
          hint: "lower learning_rate, or look at these images' annotations")
      }
      tape.backward(scale(total, by: share))
      for (name, value) in [("loss", Double(total.value.scalar))] + values {
        let part = value * Double(share)
        if let at = mean.firstIndex(where: { $0.0 == name }) {
          mean[at].1 += part
        } else {
          mean.append((name, part))
        }
      }
    }
    return mean
  }

  private func stepCount(images: Int) -> Int {
    (configuration.epochs * images + configuration.imagesPerStep - 1) / configuration.imagesPerStep
  }

  private func save(_ optimizer: SGD, step: Int) throws(InputError) {
    try Checkpoint.write(
      parameters, optimizer: optimizer, kind: kind, step: step, metadata: metadata,
      to: checkpointPath)
  }

  /// Restores the last checkpoint, if there is one; returns the number of steps done.
  private func resume(_ optimizer: SGD) throws(InputError) -> Int {
    guard Files.exists(checkpointPath) else { return 0 }
    let checkpoint = try Checkpoint(path: checkpointPath, kind: kind)
    for (name, value) in metadata.sorted(by: { $0.key < $1.key })
    where checkpoint.metadata[name] != value {
      throw InputError(
        .badData, "the checkpoint was made with another \(name)", at: checkpointPath,
        expected: value, got: checkpoint.metadata[name] ?? "none",
        hint: "move the folder away to train anew")
    }
    try checkpoint.restore(parameters)
    try checkpoint.restore(optimizer)
    return checkpoint.step
  }
}

extension TrainingConfiguration {
  /// The learning rate of each of `steps` steps.
  func rates(steps: Int) -> Schedule {
    let decay: Schedule.Decay =
      switch schedule {
      case .step: .milestones([steps * 9 / 10, steps * 95 / 100], factor: 0.1)
      case .cosine: .cosine(end: steps)
      }
    return Schedule(
      rate: learningRate, warmup: min(warmupSteps, steps / 2), warmupRate: learningRate / 10,
      decay: decay)
  }
}
