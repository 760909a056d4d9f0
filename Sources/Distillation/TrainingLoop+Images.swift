public import Tensors
public import Training

extension TrainingLoop {
  /// Trains a detector's network, or a part of it, on images.
  public init(
    configuration: TrainingConfiguration, kind: String, parameters: [Parameter], folder: String,
    metadata: [String: String]
  ) {
    self.init(
      kind: kind, parameters: parameters, optimizer: configuration.makeOptimizer(of: parameters),
      seed: configuration.seed, rates: configuration.rates, folder: folder, metadata: metadata)
    (examplesPerStep, examplesPerForward) = (
      configuration.imagesPerStep, configuration.imagesPerForward
    )
    averageDecay = configuration.averageDecay
    checkpointSteps = configuration.checkpointSteps
    evaluateEverySteps = configuration.evaluateEverySteps
    advice.memory += "; 'vild plan' says what all stages will take"
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
  package func rates(steps: Int) -> Schedule {
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
