public import Regions
public import Tensors

extension Student {
  /// The best proposals of one image, and what is said of them.
  public struct Regions: Sendable {
    /// [R], in original pixels, clipped to the image
    public let boxes: [Box]
    /// [R] in 0...1
    public let objectness: [Float]
    /// What categories are compared with.
    public var description: RegionDescription
    /// Whether all was finite that the proposals were chosen by, and their boxes are. What is not is
    /// chosen last or not at all, so that it may leave no other trace.
    public let isFinite: Bool
    fileprivate let pyramid: [Tensor]
    fileprivate let input: DetectorInput
  }

  /// Runs the detector up to the regions' description: what follows depends on category names,
  /// this does not.
  ///
  /// - Parameter limit: how many proposals go through the second stage.
  public func detect(_ input: DetectorInput, limit: Int) -> Regions {
    let features = proposals.features(Variable(input.pixels))
    let prediction = proposals.predict(features)
    let (boxes, scores) = proposals.propose(
      prediction, width: input.width, height: input.height,
      candidates: configuration.proposals.candidates,
      nmsThreshold: configuration.proposals.nmsThreshold, limit: limit)
    let (description, deltas) = regions.describe(
      pooling(features, [boxes], size: configuration.regions.poolSize))
    let refined = deltas.withElements { deltas in
      boxes.indices.map { i in
        let delta = SIMD4(deltas[4 * i], deltas[4 * i + 1], deltas[4 * i + 2], deltas[4 * i + 3])
        return input.original(
          BoxDeltas.boxHead.decode(delta, reference: boxes[i])
            .clipped(toWidth: Float(input.width), height: Float(input.height)))
      }
    }
    return Regions(
      boxes: refined, objectness: scores, description: description,
      isFinite: prediction.isFinite && refined.allSatisfy(\.isFinite),
      pyramid: features.map(\.value), input: input)
  }

  /// Scores of detected regions for any categories.
  ///
  /// - Parameters:
  ///   - names: [C, D] unit rows, text embeddings.
  ///   - textShares: [C], `TextShare.base`, `.novel` or `.unknown` of each category, or any other
  ///     number in 0...1; only an ensemble asks for them. All unknown by default.
  public func scores(
    _ regions: Regions, names: Tensor, textShares: [Float]? = nil
  ) -> CategoryScores {
    self.regions.scores(
      regions.description, names: names,
      textShares: textShares ?? Array(repeating: TextShare.unknown, count: names.shape[0]))
  }

  /// What part of each box is the object.
  ///
  /// - Parameters:
  ///   - boxes: [N], in original pixels, usually the detections chosen among those of `regions`.
  ///   - regions: what `detect` gave for the image.
  /// - Returns: [N, side, side] in 0...1, cells of each box; nil for a student without masks.
  public func masks(_ boxes: [Box], in regions: Regions) -> Tensor? {
    let resized = boxes.map(regions.input.resized)
    return maskLogits(regions.pyramid.map { Variable($0) }, regions: [resized])
      .map { activate($0, .sigmoid).value }
  }
}
