public import Tensors

/// The sizes of an EfficientNet (Tan and Le, 2019): the B0 plan, made wider and deeper.
///
/// The Lite series has ReLU6 for swish, no squeeze-and-excitation, and a stem, first stage and head
/// that keep B0's sizes.
public struct EfficientNetConfiguration: Hashable, Sendable {
  /// One row of the plan: `repeats` inverted residual blocks, the first of which may stride.
  public struct Stage: Hashable, Sendable {
    /// Blocks.
    public var repeats: Int
    /// Side of the depthwise kernel.
    public var kernel: Int
    /// Of the first block; the others have 1.
    public var stride: Int
    /// Width inside a block over the width of its input.
    public var expansion: Int
    /// Channels that leave the stage.
    public var output: Int

    /// A row of the plan.
    public init(repeats: Int, kernel: Int, stride: Int, expansion: Int, output: Int) {
      self.repeats = repeats
      self.kernel = kernel
      self.stride = stride
      self.expansion = expansion
      self.output = output
    }
  }

  /// Zeros around the input of a convolution with stride 2.
  public enum StridedPadding: Hashable, Sendable {
    /// As many as TensorFlow gives an input of its size.
    case same
    /// One fewer before than after, whatever the input's size; in the blocks named as many.
    /// Hugging Face's rule.
    case fixed(squareBlocks: Set<Int>)

    var ofStem: Padding { self == .same ? .same : .sides(before: 0, after: 1) }

    func ofBlock(_ number: Int, kernel: Int) -> Padding {
      switch self {
      case .same: .same
      case .fixed(let square) where square.contains(number): .fixed(kernel / 2)
      case .fixed: .sides(before: kernel / 2 - 1, after: kernel / 2)
      }
    }
  }

  /// Channels after the stem.
  public var stem: Int
  /// In order, after scaling.
  public var stages: [Stage]
  /// Channels before pooling and the classifier; nil for a network that has neither.
  public var head: Int?
  /// Classes of the classifier.
  public var classes: Int
  /// Between the convolutions.
  public var activation: Activation
  /// The norms'.
  public var epsilon: Float
  /// Channels between the two products of squeeze-and-excitation over those of the block's input;
  /// nil for a network without it.
  public var squeeze: Double?
  /// Where strides are 2.
  public var stridedPadding: StridedPadding

  /// Sizes as they are, without scaling.
  public init(
    stem: Int, stages: [Stage], head: Int?, classes: Int = 1000, activation: Activation,
    epsilon: Float = 1e-3, squeeze: Double? = nil, stridedPadding: StridedPadding = .same
  ) {
    self.stem = stem
    self.stages = stages
    self.head = head
    self.classes = classes
    self.activation = activation
    self.epsilon = epsilon
    self.squeeze = squeeze
    self.stridedPadding = stridedPadding
  }

  /// EfficientNet-Lite0 to Lite4.
  ///
  /// - Parameter size: 0...4
  public static func lite(_ size: Int) -> EfficientNetConfiguration {
    let coefficients = [(1.0, 1.0), (1.0, 1.1), (1.1, 1.2), (1.2, 1.4), (1.4, 1.8)]
    precondition(coefficients.indices.contains(size), "there is no EfficientNet-Lite\(size)")
    let (width, depth) = coefficients[size]
    var stages = plan
    for index in stages.indices {
      stages[index].output = round(stages[index].output, by: width)
      // The first and the last stage keep their depth.
      if index != 0 && index != stages.count - 1 {
        stages[index].repeats = Int((Double(stages[index].repeats) * depth).rounded(.up))
      }
    }
    return EfficientNetConfiguration(stem: 32, stages: stages, head: 1280, activation: .relu6)
  }

  static let plan = [
    Stage(repeats: 1, kernel: 3, stride: 1, expansion: 1, output: 16),
    Stage(repeats: 2, kernel: 3, stride: 2, expansion: 6, output: 24),
    Stage(repeats: 2, kernel: 5, stride: 2, expansion: 6, output: 40),
    Stage(repeats: 3, kernel: 3, stride: 2, expansion: 6, output: 80),
    Stage(repeats: 3, kernel: 5, stride: 1, expansion: 6, output: 112),
    Stage(repeats: 4, kernel: 5, stride: 2, expansion: 6, output: 192),
    Stage(repeats: 1, kernel: 3, stride: 1, expansion: 6, output: 320),
  ]

  /// To a multiple of `divisor`, never more than 10% down.
  static func round(_ channels: Int, by width: Double, divisor: Int = 8) -> Int {
    let wanted = Double(channels) * width
    let rounded = max(divisor, Int(wanted + Double(divisor) / 2) / divisor * divisor)
    return Double(rounded) < 0.9 * wanted ? rounded + divisor : rounded
  }
}
