import Training

/// What the weights depend on that a training leaves, beside its data and the network it begins with.
public struct TrainingRecipe: Encodable, Hashable, Sendable {
  /// Those that the others leave without a use have their defaults.
  let choices: TrainingConfiguration
  let augmentation: Int
  let steps: Int
}

extension TrainingConfiguration {
  /// All choices but those of when something is written down or looked at, and the rules.
  ///
  /// - Parameter distils: whether regions are distilled.
  public func recipe(distils: Bool) -> TrainingRecipe {
    let new = TrainingConfiguration()
    var choices = self
    choices.checkpointSteps = new.checkpointSteps
    choices.evaluateEverySteps = new.evaluateEverySteps
    if !distils { choices.smallestVisibleShare = new.smallestVisibleShare }
    switch jitter {
    case .none:
      choices.outputSide = new.outputSide
      choices.smallestScale = new.smallestScale
      choices.largestScale = new.largestScale
    case .range: choices.longSides = new.longSides
    }
    return TrainingRecipe(
      choices: choices, augmentation: TrainingExample.augmentation, steps: TrainingLoop.rules)
  }
}
