import Foundation

/// Follows the figures of a training and says what is wrong, after each fifth of the run. What it
/// says depends on the figures alone, so that a resumed run that is shown its log says the same.
package struct TrainingMonitor {
  private enum Concern { case imageLoss, clipping }

  /// More clipped steps than this share are worth a warning.
  package static let mostClipped = 0.5
  /// Shorter runs are not judged.
  package static let leastSteps = 20

  private let steps: Int
  /// 0 for none.
  private let gradientClip: Double
  private let counts: Set<String>
  private let baselines: ImageLossBaselines?
  private let advice: TrainingAdvice
  private var done = 0
  private var clipped = 0
  private var norms: RecentValues
  private var imageLosses: RecentValues
  private var check = DivergenceCheck()
  private var voiced: Set<Concern> = []

  /// - Parameters:
  ///   - steps: of the whole run.
  ///   - gradientClip: 0 for none.
  ///   - counts: the names of figures that are no losses.
  ///   - baselines: nil where nothing is distilled.
  package init(
    steps: Int, gradientClip: Float, counts: Set<String>, baselines: ImageLossBaselines?,
    advice: TrainingAdvice = TrainingAdvice()
  ) {
    self.steps = steps
    self.gradientClip = Double(gradientClip)
    self.counts = counts
    self.baselines = baselines
    self.advice = advice
    let window = min(1000, max(Self.leastSteps, steps / 10))
    norms = RecentValues(limit: window)
    imageLosses = RecentValues(limit: window)
  }

  /// The loss of a step that has diverged; asked before the step is made.
  package func divergence(in figures: [(String, Double)]) -> DivergenceCheck.Divergence? {
    check.divergence(in: losses(figures))
  }

  /// Adds the figures of a step that was made; returns what is wrong, a line each. The same is said
  /// when it is first seen, and at the end.
  package mutating func add(step: Int, _ figures: [(String, Double)]) -> [String] {
    done = step + 1
    check.add(losses(figures))
    for (name, value) in figures {
      if name == "image" { imageLosses.add(value) }
      if name == Self.norm {
        norms.add(value)
        if gradientClip > 0 && value > gradientClip { clipped += 1 }
      }
    }
    guard done >= Self.leastSteps, done * 5 / steps > (done - 1) * 5 / steps else { return [] }
    let found = [(Concern.imageLoss, imageWarning), (.clipping, clippingWarning)]
    return found.compactMap { concern, line in
      guard let line, voiced.insert(concern).inserted || done == steps else { return nil }
      return line
    }
  }

  private var imageWarning: String? {
    guard let baselines, imageLosses.count >= Self.leastSteps, let loss = imageLosses.median,
      loss >= baselines.meanEmbedding
    else { return nil }
    return "the image loss is \(short(loss)) after \(done) of \(steps) steps, no less than "
      + "the \(short(baselines.meanEmbedding)) of answering with the mean embedding of all regions: "
      + "the student has not learnt to tell regions apart; look at learning_rate and weight of "
      + "distillation, and at the norm of the gradients beside gradient_clip"
  }

  private var clippingWarning: String? {
    let share = Double(clipped) / Double(done)
    guard share > Self.mostClipped, let norm = norms.median else { return nil }
    return "gradients clipped in \(Int((share * 100).rounded()))% of the steps: their norm is "
      + "\(short(norm)), \(advice.gradientClip) \(short(gradientClip)), so that only their direction "
      + "counts; raise \(advice.gradientClip), to at least twice the norm"
  }

  /// What is not added by the loop.
  private func losses(_ figures: [(String, Double)]) -> [(String, Double)] {
    figures.filter { !counts.contains($0.0) && !Self.ofLoop.contains($0.0) }
  }

  /// The names of the figures that are the loop's own.
  package static let (norm, rate, seconds) = ("gradient_norm", "learning_rate", "seconds")
  private static let ofLoop: Set = [norm, rate, seconds]

  private func short(_ value: Double) -> String { String(format: "%.3g", value) }
}
