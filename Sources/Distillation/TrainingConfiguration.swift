/// How a network is trained. The defaults are small; the paper's are in the comments.
public struct TrainingConfiguration: Codable, Hashable, Sendable {
  /// Passes over the training images (paper: 460).
  public var epochs = 12
  /// Images whose gradients are averaged in one step (paper: 256).
  public var imagesPerStep = 2
  /// Images that go through the network at once; must divide `imagesPerStep`. More take more memory.
  public var imagesPerForward = 1
  /// How gradients become steps (paper: `sgd`).
  public var optimizer = OptimizerKind.sgd
  /// After the warm-up (paper: 0.32 at 256 images a step).
  public var learningRate: Float = 0.01
  /// Steps over which the rate rises from a tenth of itself, at most half of all (paper: 1000).
  public var warmupSteps = 50
  /// `step`: divided by ten after 0.9, 0.95 and 0.975 of all steps, as the paper's configuration
  /// lists (its code passes over the third). `cosine`: to zero.
  public var schedule = LearningRateSchedule.cosine
  public var momentum: Float = 0.9
  /// Of the backbone, in units of `learningRate`; 0 trains nothing of it (paper: 1).
  public var backboneRate: Float = 1
  /// L2 decay of kernels; biases and norms have none (paper: 4e-5).
  public var weightDecay: Float = 4e-5
  /// Gradients longer than this are shortened to it; 0 leaves them (paper: 0).
  public var gradientClip: Float = 10
  /// How much of the last average of the weights a step keeps; 0 trains without an average. The
  /// result is the average where there is one (paper: none).
  public var averageDecay: Float = 0
  /// How images are resized: to one of `longSides`, or by large-scale jitter (paper: range).
  public var jitter = Jitter.none
  /// Without jitter: the longer side of an image in pixels, drawn anew each time.
  public var longSides = [512]
  /// With jitter: the side in pixels of the square that is cut out (paper: 1024).
  public var outputSide = 512
  /// With jitter: the longer side of the whole image in units of `outputSide`, drawn uniformly
  /// (paper: 0.1 to 2).
  public var smallestScale: Float = 0.1
  public var largestScale: Float = 2
  /// A region that is cut off is distilled when at least this share of its area is left (the paper
  /// says nothing; its code has no threshold).
  public var smallestVisibleShare: Float = 0.5
  /// The chance that an image is mirrored, with all its boxes.
  public var flipProbability = 0.5
  /// Images with categories that fewer than this share of the images have are repeated (LVIS: 0.001;
  /// Gupta et al., 2019); 0 shows each image once an epoch. For training without a cache.
  public var repeatThreshold = 0.0
  /// Steps between checkpoints.
  public var checkpointSteps = 100
  /// Steps between evaluations; 0 evaluates nothing while training.
  public var evaluateEverySteps = 0
  public var seed: UInt64 = 1

  public init() {}
}

/// What turns gradients into steps.
public enum OptimizerKind: String, Codable, Hashable, Sendable, CaseIterable {
  /// Stochastic gradient descent with momentum and L2 decay.
  case sgd
  /// Adam with decoupled weight decay (Loshchilov and Hutter, 2019); `momentum` is its first beta.
  case adamw
}

/// How the learning rate falls after the warm-up.
public enum LearningRateSchedule: String, Codable, Hashable, Sendable, CaseIterable {
  case step
  case cosine
}

/// How images are resized for training.
public enum Jitter: String, Codable, Hashable, Sendable, CaseIterable {
  case none
  case range
}
