package import Images
import Networks
package import Regions
package import Support
import Tensors

/// The offline proposals of an image, by a trained proposal network.
package struct ProposalFinder: Sendable {
  private let network: ProposalNetwork
  private let longSide: Int
  private let nmsThreshold: Double
  private let top: Int

  /// Version of the rules of `proposals` beside the network's and its choices, counted up when one
  /// changes.
  package static let rules = 1

  /// - Parameters:
  ///   - network: with norms folded.
  ///   - longSide: of an image as the network sees it, in pixels.
  ///   - nmsThreshold: the IoU above which the worse of two proposals is dropped, in 0...1.
  ///   - top: proposals an image at most.
  package init(network: ProposalNetwork, longSide: Int, nmsThreshold: Double, top: Int) {
    (self.network, self.longSide) = (network, longSide)
    (self.nmsThreshold, self.top) = (nmsThreshold, top)
  }

  /// - Returns: in original pixels, best first.
  /// - Throws: `InputError` where what the network says is not finite.
  package func proposals(of image: Image) throws(InputError) -> [Region] {
    let input = DetectorInput(
      image, longSide: longSide, mean: network.pixels.mean,
      standardDeviation: network.pixels.standardDeviation)
    let prediction = network.predict(network.features(Variable(input.pixels)))
    guard prediction.isFinite else {
      throw .notFinite("the proposal network's boxes and scores")
    }
    return network.propose(
      prediction, width: input.width, height: input.height,
      candidates: network.configuration.proposals.candidates,
      nmsThreshold: nmsThreshold, limit: top
    ).map { region in
      let box = input.original(region.box)
        .clipped(toWidth: Float(image.width), height: Float(image.height))
      return Region(box: box, score: region.score)
    }
  }
}
