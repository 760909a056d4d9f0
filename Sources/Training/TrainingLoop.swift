import Foundation
public import Ranks
public import Support
public import Tensors

/// Trains the parameters of one network, whatever it is and by whichever optimiser, and can be stopped
/// and continued at any step.
///
/// What a step sees and every random choice follow from the seed and the step alone, so a resumed run
/// is the uninterrupted one, bit for bit, on the same machine and number of threads. With another
/// number the sums over a batch are split differently, and round differently.
///
/// Several ranks share each step's forward passes: what a pass sees and draws is what it would in one
/// process, and gradients, losses and running statistics are put together in the passes' order. So any
/// number of ranks gives the same run but for the rounding of the gradients' sums, and an equal number
/// equal bits.
public struct TrainingLoop {
  /// What is trained; also the checkpoint's kind.
  public let kind: String
  /// Everything that a step may change, running statistics too.
  public let parameters: [Parameter]
  /// Moves those of `parameters` that are trained.
  public let optimizer: any Optimizer
  /// Of every random choice.
  public let seed: UInt64
  /// The learning rate of each of so many steps.
  public let rates: (_ steps: Int) -> Schedule
  /// Where checkpoint, log and curves are kept.
  public let folder: String
  /// Written into the checkpoint; resuming with other values under these names is refused.
  public let metadata: [String: String]

  /// Examples whose gradients are averaged in one step.
  public var examplesPerStep = 1
  /// Of these, those that go through the network at once; their number divides the other.
  public var examplesPerForward = 1
  /// How much of the last average of the weights a step keeps; 0 trains without an average.
  public var averageDecay: Float = 0
  /// Steps between checkpoints.
  public var checkpointSteps = 100
  /// Steps between evaluations; 0 evaluates nothing.
  public var evaluateEverySteps = 0
  /// The names of figures beside the losses that are no losses themselves.
  public var counts: Set<String> = []
  /// Finds what the image loss is compared with, before the first step; nil where nothing is
  /// distilled.
  public var baselines: () throws -> ImageLossBaselines? = { nil }
  /// Called after each of the optimiser's steps, with the seconds that it took; returns more figures
  /// for the log, whose names are among `counts`.
  public var afterStep: (_ seconds: Double) -> [(String, Double)] = { _ in [] }
  /// What its advice is said with.
  public var advice = TrainingAdvice()
  /// Is told in a line what goes wrong.
  public var warn: (String) -> Void = { _ in }
  /// Names what the figures of an evaluation depend on beside the weights. It stands with them in the
  /// log: other choices train nothing again, and figures of both are not compared.
  public var evaluationInputs = ""
  /// Asked with the number of steps done whether `run` is to stop there, with a checkpoint, though
  /// more are to come.
  public var stopsAfter: (_ steps: Int) -> Bool = { _ in false }
  /// The processes that share each step's forward passes; their number divides that of the passes.
  public var ranks = Ranks.alone
  /// What its progress is called.
  public var stage: String
  /// Where progress is shown.
  public var console = Console.silent

  /// Version of the rules of `run` beside its choices: the order of the examples, the streams of random
  /// numbers, how gradients become steps. Counted up when one changes.
  package static let rules = 1

  /// Means over the examples that go through the network together: what is minimised, and its parts
  /// for the log.
  public typealias Losses = (total: Variable, values: [(String, Double)])

  /// - Parameter optimizer: new, of `parameters` or some of them.
  public init(
    kind: String, parameters: [Parameter], optimizer: any Optimizer, seed: UInt64,
    rates: @escaping (_ steps: Int) -> Schedule, folder: String, metadata: [String: String]
  ) {
    (self.kind, self.parameters, self.optimizer, self.seed) = (kind, parameters, optimizer, seed)
    (self.rates, self.folder, stage) = (rates, folder, kind)
    self.metadata = metadata.merging(["seed": String(seed)]) { own, _ in own }
  }

  /// Runs from the last checkpoint, or the start, to the end. Where an average of the weights is
  /// kept, the parameters hold it afterwards.
  ///
  /// - Parameters:
  ///   - source: the elements in their order.
  ///   - prepare: makes an example of an element, nil where it cannot be used; called ahead of time, by
  ///     several threads at once. Its generator is the element's own.
  ///   - losses: of the examples that go through the network together, on a fresh tape; called from
  ///     this thread. Their number is `examplesPerForward`, less those that cannot be used.
  ///   - evaluate: figures for the log, after each `evaluateEverySteps` steps and the last, with the
  ///     averaged weights where there are any.
  /// - Returns: the sum over the run of each figure of the log, times the examples of a step, nothing on
  ///   ranks that keep no log; nil where it stopped before the end.
  /// - Throws: `Stopped` after a signal, with a checkpoint written; `InputError` when a loss or a
  ///   gradient is not finite, or a loss diverges, naming the images, before the weights are changed;
  ///   when the checkpoint belongs to another recipe, or what is read has changed since; what
  ///   `source`, `prepare`, `losses` and `evaluate` throw.
  @discardableResult
  public func run<Element, Example: Sendable>(
    _ source: TrainingSource<Element>,
    prepare: @escaping @Sendable (Element, inout SeededGenerator) throws -> Example?,
    losses: (
      _ examples: [Example], _ step: Int, _ tape: Tape, inout SeededGenerator
    ) throws -> Losses,
    evaluate: ((_ step: Int) throws -> [(String, Double)])? = nil
  ) throws -> [String: Double]? {
    precondition(
      examplesPerStep % (examplesPerForward * ranks.count) == 0,
      "the examples of a step are shared evenly")
    do {
      return try runWithOthers(source, prepare: prepare, losses: losses, evaluate: evaluate)
    } catch {
      throw ranks.told(error)
    }
  }

  private func runWithOthers<Element, Example: Sendable>(
    _ source: TrainingSource<Element>,
    prepare: @escaping @Sendable (Element, inout SeededGenerator) throws -> Example?,
    losses: ([Example], Int, Tape, inout SeededGenerator) throws -> Losses,
    evaluate: ((_ step: Int) throws -> [(String, Double)])?
  ) throws -> [String: Double]? {
    TensorMemory.resetPeak()
    try requireMemory()
    let average =
      ranks.isLeader && averageDecay > 0 ? WeightAverage(of: parameters, decay: averageDecay) : nil
    let steps = source.steps(of: examplesPerStep)
    let schedule = rates(steps)
    let state = try begin(average, manifest: source.manifest)
    let start = min(state.step, steps)
    let record = ranks.isLeader ? try TrainingRecord(self, steps: steps, from: start) : nil
    // What the leader looks at before the first step may take any time, and all have said the same so far.
    _ = try ranks.share(.success(true), patience: nil)
    _ = ranks.takeNotes()
    let examples = try PreparedExamples(
      source, from: state, steps: steps - start, perForward: examplesPerForward, of: ranks.place,
      prepare: prepare)
    defer { examples.end() }
    let gradients = GradientSum(optimizer.parameters.filter(\.isTrained), of: ranks)
    var pace = try StepPace()

    func evaluateIfDue(after step: Int) throws {
      guard let evaluate, isEvaluationDue(after: step, of: steps) else { return }
      pace.pause = .evaluation
      try record?.evaluate(after: step) {
        try average.map { try $0.applied { try evaluate(step) } } ?? evaluate(step)
      }
    }
    // The others stay until the leader has written all, and can tell them of an error.
    func meet() throws { _ = try ranks.share(.success(true), patience: pace.patience) }

    // The checkpoint was written before its step's evaluation.
    try evaluateIfDue(after: start - 1)
    if start < steps && stopsAfter(start) {
      try meet()
      return nil
    }

    for step in start..<steps {
      let began = ProcessInfo.processInfo.systemUptime
      let reports = try accumulate(
        examples, step: step, into: gradients, patience: pace.patience, losses)
      let (images, stop) = (reports.flatMap(\.images), reports.compactMap(\.stop).first)
      var figures = reports.figures
      // From here on all ranks do the same.
      let norm = optimizer.gradientNorm
      guard norm.isFinite else { throw notFinite("a gradient", step, images, got: "\(norm)") }
      try record?.check(step, images, figures)
      let rate = schedule.rate(at: step)
      optimizer.step(rate: rate)
      figures += afterStep(ProcessInfo.processInfo.systemUptime - began)
      average?.update(afterStep: step)
      record?.advance(figures)
      let seconds = ProcessInfo.processInfo.systemUptime - began
      figures += [
        (TrainingMonitor.norm, Double(norm)), (TrainingMonitor.rate, Double(rate)),
        (TrainingMonitor.seconds, seconds),
      ]
      try record?.add(step: step, figures)
      pace.add(seconds: seconds)
      let isEvaluated = evaluate != nil && isEvaluationDue(after: step, of: steps)
      let isEnough = step + 1 < steps && stopsAfter(step + 1)
      // Several ranks stop for what they have agreed on; one that is told later stops a step later.
      let stopped = ranks.isAlone ? StopSignal.current : stop
      if stopped != nil || isEvaluated || isEnough || step + 1 == steps
        || (step + 1) % checkpointSteps == 0
      {
        if step + 1 == steps { try record?.requireLosses() }
        try requireEqualWeights(after: step, patience: pace.patience)
        pace.pause = .checkpoint
        if let record {
          try save(average, step: step + 1, manifest: state.manifest)
          try record.draw(step + 1)
        }
      }
      if let stopped {
        try meet()
        throw ranks.end(Stopped(signal: stopped))
      }
      try evaluateIfDue(after: step)
      if isEnough {
        try meet()
        record?.finish()
        return nil
      }
    }
    average?.exchange()
    let sums = try record?.sums() ?? [:]
    try meet()
    record?.finish()
    return sums.mapValues { $0 * Double(examplesPerStep) }
  }

  /// What training takes in any case beside the weights, which are there: gradients and the optimiser's
  /// state.
  private func requireMemory() throws(InputError) {
    let trained = parameters.filter(\.isTrained).reduce(0) { $0 + $1.value.count }
    try AvailableMemory.require(
      (1 + optimizer.numbersPerWeight) * trained * MemoryLayout<Float>.stride,
      for: "training the \(kind)", hint: advice.memory)
  }

  private func isEvaluationDue(after step: Int, of steps: Int) -> Bool {
    evaluateEverySteps > 0 && step >= 0
      && ((step + 1) % evaluateEverySteps == 0 || step + 1 == steps)
  }
}
