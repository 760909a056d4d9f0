import Distillation
import Foundation
public import Networks
public import Support
public import Teacher
import Tensors

/// Trains a CLIP on crops and their texts, and can be stopped and continued at any step.
///
/// What a step shows follows from the seed and the step alone, and gradients are added in a fixed
/// order, so that a resumed run is the uninterrupted one, bit for bit, with any number of threads.
public struct PretrainingLoop {
  public let configuration: PretrainingConfiguration
  public let source: any CropSource
  /// Where checkpoint, log and curves are kept.
  public let folder: String

  static let kind = "teacher"

  public init(
    configuration: PretrainingConfiguration, source: any CropSource, folder: String
  ) {
    (self.configuration, self.source, self.folder) = (configuration, source, folder)
  }

  /// Runs from the last checkpoint, or the start, to the end.
  ///
  /// - Parameters:
  ///   - tokenizer: of the vocabulary whose files are in the folder.
  ///   - console: where progress is shown.
  /// - Throws: `Stopped` after a signal, with a checkpoint written; `InputError` when the loss or a
  ///   gradient is not finite, before the weights are changed, or when the checkpoint belongs to
  ///   another recipe; what the source throws.
  public func run(
    tokenizer: BytePairTokenizer, on console: Console = .silent
  ) throws -> CLIP {
    try Files.createFolder(folder)
    let texts = try PretrainingTexts(source.categories, configuration, tokenizer)
    let clip = CLIP(configuration.model(vocabulary: tokenizer.count), seed: configuration.seed)
    let optimizer = AdamW(
      clip.parameters, beta1: configuration.beta1, beta2: configuration.beta2,
      epsilon: configuration.epsilon, decay: configuration.weightDecay,
      maximumNorm: configuration.gradientClip)
    let steps = configuration.steps
    let start = min(try resume(clip, optimizer), steps)
    let schedule = Schedule(
      rate: configuration.learningRate, warmup: configuration.warmupSteps,
      warmupRate: configuration.learningRate / Float(max(1, configuration.warmupSteps)),
      decay: .cosine(end: steps))
    let log = try TrainingLog(folder: folder, from: start)
    let progress = StageProgress(
      stage: "pretrain", unit: "steps", total: steps, done: start, on: console)

    for step in start..<steps {
      let began = ProcessInfo.processInfo.systemUptime
      let batch = PretrainingBatch(
        step: step, categories: source.categories.count, configuration: configuration,
        texts: texts)
      let (loss, accuracy) = try accumulate(batch, clip)
      let norm = optimizer.gradientNorm
      guard loss.isFinite, norm.isFinite else {
        throw InputError(
          .badData, "the loss or a gradient is not finite", at: "step \(step)",
          got: "loss \(loss), gradient \(norm)", hint: "lower the learning rate")
      }
      let rate = schedule.rate(at: step)
      optimizer.step(rate: rate)
      clip.clampCosineFactor()
      let seconds = ProcessInfo.processInfo.systemUptime - began
      let figures = [
        ("loss", loss), ("top1", accuracy),
        ("crops_per_second", Double(configuration.cropsPerStep) / seconds),
      ]
      progress.advance(detail: figures)
      try log.append(
        step: step,
        figures + [
          ("cosine_factor", Double(clip.cosineFactor)), ("gradient_norm", Double(norm)),
          ("learning_rate", Double(rate)), ("seconds", seconds),
        ])
      if StopSignal.current != nil || step + 1 == steps
        || (step + 1) % configuration.checkpointSteps == 0
      {
        try Checkpoint.write(
          clip.parameters, optimizer: optimizer, kind: Self.kind, step: step + 1,
          metadata: metadata, to: checkpointPath)
        try log.draw(title: "\(Self.kind), \(step + 1) of \(steps) steps")
      }
      try StopSignal.check()
    }
    try log.appendPeakMemory(step: steps)
    progress.finish()
    return clip
  }

  /// Every choice, and what the crops are; a checkpoint of others is refused.
  public var metadata: [String: String] { configuration.metadata(crops: source.fingerprint) }

  private var checkpointPath: String { "\(folder)/checkpoint.safetensors" }

  /// Restores the last checkpoint, if there is one; returns the steps done.
  private func resume(_ clip: CLIP, _ optimizer: AdamW) throws(InputError) -> Int {
    guard Files.exists(checkpointPath) else { return 0 }
    let checkpoint = try Checkpoint(
      path: checkpointPath, kind: Self.kind,
      remedy: "remove the file, and 'vild pretrain' trains anew")
    for (name, value) in metadata.sorted(by: { $0.key < $1.key })
    where checkpoint.metadata[name] != value {
      throw InputError(
        .badData, "the checkpoint was made with another \(name)", at: checkpointPath,
        expected: value, got: checkpoint.metadata[name] ?? "none",
        hint: "move the folder away to train anew")
    }
    try checkpoint.restore(clip.parameters)
    try checkpoint.restore(optimizer)
    return checkpoint.step
  }
}

extension PretrainingConfiguration {
  /// The choices that results depend on, under their own names, as text.
  func metadata(crops: String) -> [String: String] {
    var own = self
    // Any interval gives the same weights.
    own.checkpointSteps = 0
    guard let data = try? JSONEncoder().encode(own),
      let object = try? JSONSerialization.jsonObject(with: data) as? [String: Any]
    else { preconditionFailure("a structure of numbers has a JSON form") }
    var metadata = object.mapValues { "\($0)" }
    metadata["checkpointSteps"] = nil
    metadata["crops"] = crops
    return metadata
  }
}
