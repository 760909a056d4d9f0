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
  /// Everything that a step may change, running statistics too; only trained ones are optimised.
  public let parameters: [Parameter]
  /// Where checkpoint, log and curves are kept.
  public let folder: String
  /// Written into the checkpoint; resuming with other values under these names is refused.
  public let metadata: [String: String]
  /// The names of figures beside the losses that are no losses themselves.
  public var counts: Set<String> = []
  /// Finds what the image loss is compared with, before the first step; nil where nothing is
  /// distilled.
  public var baselines: () throws -> ImageLossBaselines? = { nil }
  /// Is told in a line what goes wrong.
  public var warn: (String) -> Void = { _ in }
  /// Names what the figures of an evaluation depend on beside the weights. It stands with them in the
  /// log: other choices train nothing again, and figures of both are not compared.
  public var evaluationInputs = ""
  /// Asked with the number of steps done whether `run` is to stop there, with a checkpoint, though
  /// more are to come.
  public var stopsAfter: (_ steps: Int) -> Bool = { _ in false }
  /// How progress is shown.
  public var progressStyle = StageProgress.Style.automatic

  /// Version of the rules of `run` beside its choices: the order of the images, the streams of random
  /// numbers, the losses, how gradients become steps. Counted up when one changes.
  static let rules = 1

  /// Means over the images that go through the network together: what is minimised, and its parts
  /// for the log.
  public typealias Losses = (total: Variable, values: [(String, Double)])

  public init(
    configuration: TrainingConfiguration, kind: String, parameters: [Parameter], folder: String,
    metadata: [String: String]
  ) {
    precondition(
      configuration.imagesPerStep % configuration.imagesPerForward == 0,
      "the images of a step are shared evenly")
    self.configuration = configuration
    self.kind = kind
    self.parameters = parameters
    self.folder = folder
    self.metadata = metadata.merging(["seed": String(configuration.seed)]) { own, _ in own }
  }

  /// Runs from the last checkpoint, or the start, to the end. Where an average of the weights is
  /// kept, the parameters hold it afterwards.
  ///
  /// - Parameters:
  ///   - source: the images in their order.
  ///   - prepare: makes an example of an image, nil where it cannot be used; called ahead of time,
  ///     in order, from another thread. Its generator is the image's own.
  ///   - losses: of the examples that go through the network together, on a fresh tape; called from
  ///     this thread. Their number is `imagesPerForward`, less those that cannot be used.
  ///   - evaluate: figures for the log, after each `evaluateEverySteps` steps and the last, with the
  ///     averaged weights where there are any.
  /// - Returns: the sum over the run of each figure of the log, times the images of a step; nil where
  ///   it stopped before the end.
  /// - Throws: `Stopped` after a signal, with a checkpoint written; `InputError` when a loss or a
  ///   gradient is not finite, or a loss diverges, naming the images, before the weights are changed;
  ///   when the checkpoint belongs to another recipe, or the cache has changed since.
  @discardableResult
  public func run<Example: Sendable>(
    _ source: TrainingSource,
    prepare:
      @escaping @Sendable (
        TrainingSource.Element, inout SeededGenerator
      ) throws -> Example?,
    losses: (
      _ batch: [(id: Int, example: Example)], _ step: Int, _ tape: Tape, inout SeededGenerator
    ) throws -> Losses,
    evaluate: ((_ step: Int) throws -> [(String, Double)])? = nil
  ) throws -> [String: Double]? {
    try Files.createFolder(folder)
    TensorMemory.resetPeak()
    try requireMemory()
    let optimizer = configuration.makeOptimizer(of: parameters)
    let average =
      configuration.averageDecay > 0
      ? WeightAverage(of: parameters, decay: configuration.averageDecay) : nil
    let size = configuration.imagesPerStep
    let steps = source.steps(configuration)
    let schedule = configuration.rates(steps: steps)
    let state = try resume(optimizer, average, source)
    let start = min(state.step, steps)
    let log = try TrainingLog(folder: folder, from: start)
    log.damage.forEach(warn)
    if log.baselines == nil, start < steps, let baselines = try baselines() {
      try log.append(step: start, baselines)
    }
    var monitor = TrainingMonitor(
      steps: steps, gradientClip: configuration.gradientClip, counts: counts,
      baselines: log.baselines)
    try log.forEachStep(before: start) { _ = monitor.add(step: $0, $1) }
    let progress = StageProgress(
      stage: kind, unit: "steps", total: steps, done: start, style: progressStyle)
    let examples = try prefetched(source, from: state, count: (steps - start) * size, prepare)
    defer { examples.stop() }

    func evaluateIfDue(after step: Int) throws {
      guard let evaluate, isEvaluationDue(after: step, of: steps),
        !log.hasEvaluation(of: step, by: evaluationInputs)
      else { return }
      let values = try average.map { try $0.applied { try evaluate(step) } } ?? evaluate(step)
      try log.append(step: step, evaluation: values, by: evaluationInputs)
      try log.draw(title: title(step + 1, of: steps))
    }
    // The checkpoint was written before its step's evaluation.
    try evaluateIfDue(after: start - 1)
    if start < steps && stopsAfter(start) { return nil }

    for step in start..<steps {
      let began = ProcessInfo.processInfo.systemUptime
      var figures = try accumulate(examples, step: step, losses)
      let norm = optimizer.gradientNorm
      guard norm.isFinite else {
        throw notFinite("a gradient", at: "step \(step), images \(figures.ids)", got: "\(norm)")
      }
      if let divergence = monitor.divergence(in: figures.values) {
        try log.draw(title: title(step, of: steps))
        throw diverged(divergence, at: "step \(step), images \(figures.ids)")
      }
      let rate = schedule.rate(at: step)
      optimizer.step(rate: rate)
      average?.update(afterStep: step)
      progress.advance(detail: figures.values)
      figures.values += [
        (TrainingMonitor.norm, Double(norm)), (TrainingMonitor.rate, Double(rate)),
        (TrainingMonitor.seconds, ProcessInfo.processInfo.systemUptime - began),
      ]
      try log.append(step: step, figures.values)
      for warning in monitor.add(step: step, figures.values) {
        warn(warning)
        try log.append(step: step, warning: warning)
      }
      let isEvaluated = evaluate != nil && isEvaluationDue(after: step, of: steps)
      let isEnough = step + 1 < steps && stopsAfter(step + 1)
      if StopSignal.current != nil || isEvaluated || isEnough || step + 1 == steps
        || (step + 1) % configuration.checkpointSteps == 0
      {
        try save(optimizer, average, step: step + 1, manifest: state.manifest)
        try log.draw(title: title(step + 1, of: steps))
      }
      try StopSignal.check()
      try evaluateIfDue(after: step)
      if isEnough {
        progress.finish()
        return nil
      }
    }
    average?.exchange()
    try log.appendPeakMemory(step: steps)
    progress.finish()
    return log.sums.mapValues { $0 * Double(size) }
  }

  /// What training takes in any case beside the weights, which are there: gradients and the optimiser's
  /// state. `vild plan` tells all of it.
  private func requireMemory() throws(InputError) {
    let trained = parameters.filter(\.isTrained).reduce(0) { $0 + $1.value.count }
    let perWeight = configuration.optimizer == .adamw ? 3 : 2
    try AvailableMemory.require(
      perWeight * trained * MemoryLayout<Float>.stride, for: "training the \(kind)",
      hint: "a smaller network or a limit raised; 'vild plan' says what all stages will take")
  }

  private func isEvaluationDue(after step: Int, of steps: Int) -> Bool {
    let every = configuration.evaluateEverySteps
    return every > 0 && step >= 0 && ((step + 1) % every == 0 || step + 1 == steps)
  }

  private func title(_ done: Int, of steps: Int) -> String {
    TrainingLog.title(kind, done, of: steps)
  }
}

extension TrainingConfiguration {
  /// The chosen optimiser of those parameters that are trained.
  func makeOptimizer(of parameters: [Parameter]) -> any Optimizer {
    let trained = parameters.filter(\.isTrained)
    let clip = gradientClip > 0 ? gradientClip : nil
    return switch optimizer {
    case .sgd: SGD(trained, momentum: momentum, decay: weightDecay, maximumNorm: clip)
    case .adamw: AdamW(trained, beta1: momentum, decay: weightDecay, maximumNorm: clip)
    }
  }

  /// The learning rate of each of `steps` steps.
  func rates(steps: Int) -> Schedule {
    let decay: Schedule.Decay =
      switch schedule {
      case .step:
        .milestones([900, 950, 975].map { steps * $0 / 1000 }, factor: 0.1)
      case .cosine: .cosine(end: steps)
      }
    return Schedule(
      rate: learningRate, warmup: min(warmupSteps, steps / 2), warmupRate: learningRate / 10,
      decay: decay)
  }
}
