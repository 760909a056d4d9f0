import Foundation
import Ranks
import Support
import Tensors

extension TrainingLoop {
  /// Adds up the gradients of the examples of one step, those of other ranks among them; returns what each
  /// rank says of its share.
  func accumulate<Element, Example>(
    _ examples: PreparedExamples<Element, Example>, step: Int, into gradients: GradientSum,
    patience: Int?, _ losses: ([Example], Int, Tape, inout SeededGenerator) throws -> Losses
  ) throws -> [StepReport] {
    let statistics = ranks.isAlone ? [] : parameters.filter { !$0.isTrained }.map { ($0, $0.value) }
    let share = examplesPerStep / ranks.count
    let places = ranks.rank * share..<(ranks.rank + 1) * share
    var report = StepReport(step: step)
    // The last pass goes back when all ranks know that nothing went wrong, and their gradients meet.
    var last: (tape: Tape, loss: Variable)?
    var failure: (any Error)?
    do {
      for first in stride(from: places.lowerBound, to: places.upperBound, by: examplesPerForward) {
        guard let pass = try forward(examples, step: step, first, losses, in: &report) else {
          continue
        }
        if first + examplesPerForward == places.upperBound {
          last = pass
        } else {
          pass.tape.backward(pass.loss)
        }
      }
    } catch {
      failure = error
    }
    (report.stop, report.notes) = (StopSignal.current, ranks.takeNotes())
    let reports = try ranks.share(
      failure.map { .failure($0) } ?? .success(report), patience: patience)
    if ranks.isLeader {
      for note in reports.flatMap(\.notes) where ranks.isNew(note) {
        console.relay(note, of: ObjectIdentifier(ranks))
      }
    }
    precondition(reports.allSatisfy { $0.step == step }, "all ranks are at one step")
    gradients.begin(with: last?.tape)
    if let last { last.tape.backward(last.loss, isFinal: gradients.isFinal) }
    try gradients.finish(patience: patience)
    for (statistic, value) in statistics { statistic.value = value }
    if !ranks.isAlone { reports.flatMap(\.moves).forEach { $0.apply(to: parameters) } }
    return reports
  }

  /// One forward pass, of the step's examples from `first` on; nil where none of them can be used.
  private func forward<Element, Example>(
    _ examples: PreparedExamples<Element, Example>, step: Int, _ first: Int,
    _ losses: ([Example], Int, Tape, inout SeededGenerator) throws -> Losses,
    in report: inout StepReport
  ) throws -> (tape: Tape, loss: Variable)? {
    // Far from the streams that the elements have for themselves.
    var generator = SeededGenerator(
      seed: seed, stream: .max - UInt64(step * examplesPerStep + first))
    var batch = [Example]()
    var images = [Int]()
    for _ in 0..<examplesPerForward {
      let (image, example) = try examples.next()
      guard let example else { continue }
      batch.append(example)
      if let image { images.append(image) }
    }
    if batch.isEmpty { return nil }
    let tape = Tape(keepsMoves: !ranks.isAlone)
    let (total, values) = try losses(batch, step, tape, &generator)
    guard total.value.isFinite else {
      throw notFinite(
        "the loss", step, images, got: values.map { "\($0) \($1)" }.joined(separator: ", "))
    }
    let share = Float(batch.count) / Float(examplesPerStep)
    report.images += images
    report.passes.append(
      .init(
        share: share,
        losses: ([("loss", Double(total.value.scalar))] + values).map { .init(name: $0, value: $1) }
      ))
    for move in tape.moves {
      let place = parameters.firstIndex { $0 === move.statistic }
      guard let place else { preconditionFailure("the loop knows all that a step changes") }
      report.moves.append(.init(move, parameter: place))
    }
    return (tape, scale(total, by: share))
  }

  func notFinite(_ what: String, _ step: Int, _ images: [Int], got: String) -> InputError {
    InputError(
      .badData, "\(what) is not finite", at: place(step, images), got: got,
      hint: "lower \(advice.learningRate)\(lookAt(images))")
  }

  func nothingUsable(in steps: Int) -> InputError {
    InputError(
      .badData, "none of the images of \(steps.counted("step")) can be used",
      hint: "the lines above say what is wrong with them")
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
}
