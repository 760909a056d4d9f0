import Foundation
package import Networks
public import Support
package import Tensors

/// The sizes of a teacher that is trained from scratch, and how it is trained.
public struct PretrainingConfiguration: Codable, Hashable, Sendable {
  /// Width and height of the image tower's input in pixels, a multiple of 32.
  public var imageSize = 64
  /// Blocks of each of the image tower's four stages.
  public var imageBlocks = [1, 1, 1, 1]
  /// Channels after the image tower's stem, a multiple of 4; its last map has 32 times as many.
  public var imageWidth = 16
  public var textWidth = 128
  public var textLayers = 2
  public var textHeads = 2
  /// The most tokens of a text, start and end included.
  public var context = 32
  /// Of both towers.
  public var embeddingWidth = 128
  /// The most merges of the byte-pair vocabulary.
  public var merges = 1500

  public var steps = 4800
  /// Crops, each with a text, that are told apart in one step.
  public var cropsPerStep = 256
  /// After the warm-up; falls to zero along half a cosine.
  public var learningRate: Float = 2e-3
  public var warmupSteps = 100
  public var beta1: Float = 0.9
  public var beta2: Float = 0.98
  public var epsilon: Float = 1e-6
  public var weightDecay: Float = 0.05
  /// Gradients longer than this are shortened to it; 0 leaves them.
  public var gradientClip: Float = 1
  /// How often a text is a synonym, or a keyword, where a category has some; else it is the name.
  public var synonymShare = 0.2
  public var keywordShare = 0.1
  /// The shares of the steps after which crops begin to vary in colour and sharpness, and vary fully.
  /// Shapes are learned much sooner after plain crops than without them.
  public var varietyStart = 0.15
  public var varietyEnd = 0.4
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
      ("image size", imageSize, 32...1024), ("image width", imageWidth, 4...512),
      ("text width", textWidth, 1...4096), ("text layers", textLayers, 1...64),
      ("text heads", textHeads, 1...max(1, textWidth)),
      ("embedding width", embeddingWidth, 1...4096), ("context", context, 4...1024),
      ("merges", merges, 0...50_000), ("steps", steps, 1...100_000_000),
      ("batch", cropsPerStep, 2...65_536), ("warm-up", warmupSteps, 0...max(0, steps)),
      ("checkpoint steps", checkpointSteps, 1...100_000_000),
    ] {
      try require(
        range.contains(number), what, "\(range.lowerBound)...\(range.upperBound)", number)
    }
    try require(
      imageBlocks.count == 4 && imageBlocks.allSatisfy { 1...64 ~= $0 }, "image blocks",
      "four numbers of 1...64", imageBlocks)
    try require(imageSize % 32 == 0, "image size", "a multiple of 32", imageSize)
    try require(imageWidth % 4 == 0, "image width", "a multiple of 4", imageWidth)
    try require(textWidth % textHeads == 0, "text heads", "a divisor of \(textWidth)", textHeads)
    for (what, number) in [
      ("learning rate", learningRate), ("weight decay", weightDecay),
      ("gradient clip", gradientClip),
    ] {
      try require(number >= 0 && number.isFinite, what, "0 or more", number)
    }
  }

  /// AdamW as configured.
  package func optimizer(of parameters: [Parameter]) -> AdamW {
    AdamW(
      parameters, beta1: beta1, beta2: beta2, epsilon: epsilon, decay: weightDecay,
      maximumNorm: gradientClip > 0 ? gradientClip : nil)
  }

  /// How much a step's crops vary, 0...1.
  func variety(at step: Int) -> Double {
    let done = Double(step) / Double(steps)
    return min(1, max(0, (done - varietyStart) / (varietyEnd - varietyStart)))
  }

  /// The towers' sizes for a vocabulary whose last token ends a text.
  package func model(vocabulary: Int) -> CLIPConfiguration {
    CLIPConfiguration(
      vision: .residual(
        CLIPResNet.Configuration(
          blocks: imageBlocks, width: imageWidth, imageSize: imageSize,
          // Heads of 64 channels, as in the published ones.
          heads: max(1, imageWidth / 2), projection: embeddingWidth)),
      text: TextTransformer.Configuration(
        transformer: Transformer.Configuration(
          width: textWidth, intermediate: 4 * textWidth, layers: textLayers, heads: textHeads,
          activation: .quickGELU),
        // The end of a text is the highest id.
        vocabulary: vocabulary, positions: context, endOfText: nil, projection: embeddingWidth))
  }

  /// The choices that results depend on, under their own names, as text.
  func metadata(crops: String) -> [String: String] {
    guard let data = try? JSONEncoder().encode(self),
      let object = try? JSONSerialization.jsonObject(with: data) as? [String: Any]
    else { preconditionFailure("a structure of numbers has a JSON form") }
    var metadata = object.mapValues { "\($0)" }
    // Any interval gives the same weights.
    metadata["checkpointSteps"] = nil
    metadata["crops"] = crops
    return metadata
  }
}
