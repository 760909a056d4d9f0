/// How a network is trained. The defaults are small; the paper's are in the comments.
public struct TrainingConfiguration: Codable, Hashable, Sendable {
  /// Passes over the training images (paper: 460).
  public var epochs = 12
  /// Images whose gradients are averaged in one step (paper: 256).
  public var imagesPerStep = 2
  /// After the warm-up (paper: 0.32 at 256 images a step).
  public var learningRate: Float = 0.01
  /// Steps over which the rate rises from a tenth of itself, at most half of all (paper: 1000).
  public var warmupSteps = 50
  /// `step`: divided by ten after 0.9 and 0.95 of all steps, as in the paper. `cosine`: to zero.
  public var schedule = LearningRateSchedule.cosine
  public var momentum: Float = 0.9
  /// L2 decay of kernels; biases and norms have none (paper: 4e-5).
  public var weightDecay: Float = 4e-5
  /// Gradients longer than this are shortened to it; 0 leaves them (paper: 0).
  public var gradientClip: Float = 10
  /// The longer side of an image in pixels, drawn anew each time (paper: jitter of 0.1 to 2.0
  /// around 1024).
  public var longSides = [512]
  /// The chance that an image is mirrored, with all its boxes.
  public var flipProbability = 0.5
  /// Steps between checkpoints.
  public var checkpointSteps = 100
  public var seed: UInt64 = 1

  public init() {}
}

/// How the learning rate falls after the warm-up.
public enum LearningRateSchedule: String, Codable, Hashable, Sendable, CaseIterable {
  case step
  case cosine
}
