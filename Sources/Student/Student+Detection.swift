public import Regions
public import Tensors

extension Student {
  /// The best proposals of one image, and what is said of them.
  public struct DescribedRegions: Sendable {
    /// R, refined, in original pixels and clipped to the image, with their proposals' scores.
    public let regions: [Region]
    /// What categories are compared with.
    public var description: RegionDescription
    /// Whether all was finite that the proposals were chosen by, and their boxes are. What is not is
    /// chosen last or not at all, so that it may leave no other trace.
    public let isFinite: Bool
    fileprivate let pyramid: [TensorValue]
    fileprivate let input: DetectorInput
  }

  /// Runs the detector up to the regions' description: what follows depends on category names,
  /// this does not.
  ///
  /// - Parameter limit: how many proposals go through the second stage.
  public func detect(_ input: DetectorInput, limit: Int) -> DescribedRegions {
    let features = proposals.features(Variable(input.pixels))
    let prediction = proposals.predict(features)
    let proposed = proposals.propose(
      prediction, width: input.width, height: input.height,
      candidates: configuration.proposals.candidates,
      nmsThreshold: configuration.proposals.nmsThreshold, limit: limit)
    let (description, deltas) = regions.describe(
      pooling(features, [proposed.boxes], size: configuration.regions.poolSize))
    let refined = deltas.withElements { deltas in
      proposed.enumerated().map { i, region in
        let delta = SIMD4(deltas[4 * i], deltas[4 * i + 1], deltas[4 * i + 2], deltas[4 * i + 3])
        let box = BoxDeltas.boxHead.decode(delta, reference: region.box)
          .clipped(toWidth: Float(input.width), height: Float(input.height))
        return Region(box: input.original(box), score: region.score)
      }
    }
    return DescribedRegions(
      regions: refined, description: description,
      isFinite: prediction.isFinite && refined.allSatisfy(\.box.isFinite),
      pyramid: features.map(\.kept), input: input)
  }

  /// What part of each box is the object.
  ///
  /// - Parameters:
  ///   - boxes: [N], in original pixels, usually the detections chosen among those of `found`.
  ///   - found: what `detect` gave for the image.
  /// - Returns: [N, side, side] in 0...1, cells of each box; nil for a student without masks.
  public func masks(_ boxes: [Box], in found: DescribedRegions) -> Tensor? {
    let resized = boxes.map(found.input.resized)
    return maskLogits(found.pyramid.map { Variable($0) }, regions: [resized])
      .map { activate($0, .sigmoid).value }
  }
}
