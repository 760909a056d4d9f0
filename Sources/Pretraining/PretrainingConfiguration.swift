package import Networks
public import Support
import Tensors

/// The sizes of a teacher that is trained from scratch, and how it is trained.
public struct PretrainingConfiguration: Codable, Hashable, Sendable {
  /// Width and height of the image tower's input in pixels.
  public var imageSize = 64
  /// Width and height of a patch in pixels.
  public var patchSize = 8
  public var imageWidth = 192
  public var imageLayers = 6
  public var imageHeads = 3
  public var textWidth = 192
  public var textLayers = 3
  public var textHeads = 3
  /// The most tokens of a text, start and end included.
  public var context = 32
  /// Of both towers.
  public var embeddingWidth = 192
  /// The most merges of the byte-pair vocabulary.
  public var merges = 1500

  public var steps = 2000
  /// Crops, each with a text, that are told apart in one step.
  public var cropsPerStep = 256
  /// Crops that go through the towers together, on one core.
  public var cropsPerForward = 32
  /// After the warm-up; falls to zero along half a cosine.
  public var learningRate: Float = 1e-3
  public var warmupSteps = 100
  public var beta1: Float = 0.9
  public var beta2: Float = 0.98
  public var epsilon: Float = 1e-6
  public var weightDecay: Float = 0.1
  /// Gradients longer than this are shortened to it.
  public var gradientClip: Float = 1
  /// How often a text is a synonym, or a keyword, where a category has some; else it is the name.
  public var synonymShare = 0.2
  public var keywordShare = 0.1
  /// Steps between checkpoints.
  public var checkpointSteps = 100
  public var seed: UInt64 = 1

  public init() {}

  /// - Throws: `InputError` (`usage`) for sizes that do not go together.
  public func check() throws(InputError) {
    func require(
      _ holds: Bool, _ what: String, _ expected: String, _ got: some CustomStringConvertible
    ) throws(InputError) {
      guard !holds else { return }
      throw InputError(.usage, "unusable \(what)", expected: expected, got: "\(got)")
    }
    for (what, number, range) in [
      ("image size", imageSize, 1...1024), ("patch size", patchSize, 1...max(1, imageSize)),
      ("image width", imageWidth, 1...4096), ("text width", textWidth, 1...4096),
      ("image layers", imageLayers, 1...64), ("text layers", textLayers, 1...64),
      ("image heads", imageHeads, 1...max(1, imageWidth)),
      ("text heads", textHeads, 1...max(1, textWidth)),
      ("embedding width", embeddingWidth, 1...4096), ("context", context, 4...1024),
      ("merges", merges, 0...50_000), ("steps", steps, 1...100_000_000),
      ("batch", cropsPerStep, 2...65_536), ("crops per forward", cropsPerForward, 1...65_536),
      ("warm-up", warmupSteps, 0...max(0, steps)),
      ("checkpoint steps", checkpointSteps, 1...100_000_000),
    ] {
      try require(
        range.contains(number), what, "\(range.lowerBound)...\(range.upperBound)", number)
    }
    for (what, width, heads) in [
      ("image heads", imageWidth, imageHeads), ("text heads", textWidth, textHeads),
    ] { try require(width % heads == 0, what, "a divisor of \(width)", heads) }
    for (what, number) in [("learning rate", learningRate), ("weight decay", weightDecay)] {
      try require(number >= 0 && number.isFinite, what, "0 or more", number)
    }
  }

  /// The towers' sizes for a vocabulary whose last token ends a text.
  package func model(vocabulary: Int) -> CLIPConfiguration {
    func transformer(_ width: Int, _ layers: Int, _ heads: Int) -> Transformer.Configuration {
      Transformer.Configuration(
        width: width, intermediate: 4 * width, layers: layers, heads: heads,
        activation: .quickGELU)
    }
    return CLIPConfiguration(
      vision: VisionTransformer.Configuration(
        transformer: transformer(imageWidth, imageLayers, imageHeads), imageSize: imageSize,
        patchSize: patchSize, projection: embeddingWidth),
      text: TextTransformer.Configuration(
        transformer: transformer(textWidth, textLayers, textHeads), vocabulary: vocabulary,
        positions: context, endOfText: vocabulary - 1, projection: embeddingWidth))
  }
}
