/// One step of a running statistic: statistic = share x statistic + (1 - share) x batch.
public struct RunningMove {
  public let statistic: Parameter
  /// The batch's, of the statistic's shape.
  public let batch: Tensor
  /// How much of the statistic stays, 0...1.
  public let share: Float

  public init(statistic: Parameter, batch: Tensor, keeping share: Float) {
    (self.statistic, self.batch, self.share) = (statistic, batch, share)
  }

  public func apply() { statistic.value = statistic.value * share + batch * (1 - share) }
}
