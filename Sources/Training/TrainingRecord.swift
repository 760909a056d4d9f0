import Foundation
import Support
import Tensors

/// What is written and said of a run while it goes on: the log, the curves, warnings, progress. With
/// several ranks it is the leader's.
final class TrainingRecord {
  private let loop: TrainingLoop
  private let steps: Int
  private let log: TrainingLog
  private var monitor: TrainingMonitor
  private let progress: StageProgress

  /// - Parameters:
  ///   - steps: of the whole run.
  ///   - start: how many of them are done.
  init(_ loop: TrainingLoop, steps: Int, from start: Int) throws {
    (self.loop, self.steps) = (loop, steps)
    let log = try TrainingLog(folder: loop.folder, from: start)
    log.damage.forEach(loop.warn)
    if log.baselines == nil, start < steps, let baselines = try loop.baselines() {
      try log.append(step: start, baselines)
    }
    var monitor = TrainingMonitor(
      steps: steps, gradientClip: loop.optimizer.maximumNorm ?? 0, counts: loop.counts,
      baselines: log.baselines, advice: loop.advice)
    try log.forEachStep(before: start) { _ = monitor.add(step: $0, $1) }
    (self.log, self.monitor) = (log, monitor)
    progress = StageProgress(
      stage: loop.stage, unit: "steps", total: steps, done: start, on: loop.console)
  }

  /// - Throws: `InputError` for a loss that has diverged, before the step is made.
  func check(_ step: Int, _ images: [Int], _ figures: [(String, Double)]) throws(InputError) {
    guard let divergence = monitor.divergence(in: figures) else { return }
    try draw(step)
    throw loop.diverged(divergence, step, images)
  }

  /// - Throws: `InputError` where no step of the whole run had an example, before the last checkpoint.
  func requireLosses() throws(InputError) {
    if log.sums["loss"] == nil { throw loop.nothingUsable(in: steps) }
  }

  /// Adds a step that was made.
  func add(step: Int, _ figures: [(String, Double)]) throws(InputError) {
    try log.append(step: step, figures)
    for warning in monitor.add(step: step, figures) {
      loop.warn(warning)
      try log.append(step: step, warning: warning)
    }
  }

  /// Shows that a step is made.
  func advance(_ figures: [(String, Double)]) { progress.advance(detail: figures) }

  /// The figures of `evaluate` after a step, unless they stand in the log.
  func evaluate(after step: Int, _ evaluate: () throws -> [(String, Double)]) throws {
    if log.hasEvaluation(of: step, by: loop.evaluationInputs) { return }
    try log.append(step: step, evaluation: evaluate(), by: loop.evaluationInputs)
    try draw(step + 1)
  }

  /// Draws the curves as they are when so many steps are done.
  func draw(_ done: Int) throws(InputError) {
    try log.draw(title: TrainingLog.title(loop.kind, done, of: steps))
  }

  /// The run stops here, or is over.
  func finish() { progress.finish() }

  /// The sum over the run of each figure, after the last line is written.
  func sums() throws(InputError) -> [String: Double] {
    try log.appendPeakMemory(step: steps)
    return log.sums
  }
}
