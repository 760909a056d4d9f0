import Foundation

/// The learning rate of each step: a linear warm-up, then a decay.
public struct Schedule: Sendable, Equatable {
  /// What happens after the warm-up.
  public enum Decay: Sendable, Equatable {
    /// Times `factor` at each of the steps.
    case milestones([Int], factor: Float)
    /// Half a cosine from the end of the warm-up down to zero at `end`.
    case cosine(end: Int)
    /// The rate stays.
    case constant
  }

  /// The rate after the warm-up.
  public var rate: Float
  /// How many steps the warm-up takes.
  public var warmup: Int
  /// The rate of step 0, when there is a warm-up.
  public var warmupRate: Float
  /// What happens after the warm-up.
  public var decay: Decay

  /// A schedule; without a warm-up by default.
  public init(rate: Float, warmup: Int = 0, warmupRate: Float = 0, decay: Decay = .constant) {
    (self.rate, self.warmup, self.warmupRate, self.decay) = (rate, warmup, warmupRate, decay)
  }

  /// The rate of the step with this number, counted from 0.
  public func rate(at step: Int) -> Float {
    if step < warmup {
      return warmupRate + (rate - warmupRate) * Float(step) / Float(warmup)
    }
    switch decay {
    case .constant: return rate
    case .milestones(let steps, let factor):
      return rate * Float(pow(Double(factor), Double(steps.count { $0 <= step })))
    case .cosine(let end):
      let progress = Double(step - warmup) / Double(max(1, end - warmup))
      return rate * Float(0.5 * (1 + cos(.pi * min(1, progress))))
    }
  }
}
