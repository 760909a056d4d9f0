/// The words of advice that depend on who trains: the names of choices as the user makes them.
public struct TrainingAdvice: Sendable {
  public var learningRate = "learning_rate"
  public var gradientClip = "gradient_clip"
  /// What to do where memory is short.
  public var memory = "a smaller network or a limit raised"

  public init() {}
}
