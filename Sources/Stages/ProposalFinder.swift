import Images
import Networks
import Regions
import Student
import Tensors

/// The offline proposals of an image, by a trained proposal network.
struct ProposalFinder: Sendable {
  /// Norms folded.
  let network: ProposalNetwork
  let choices: ProposalStageConfiguration

  /// - Returns: boxes in original pixels, best first, and their objectness in 0...1.
  func proposals(of image: Image) -> (boxes: [Box], scores: [Float]) {
    let input = DetectorInput(
      image, longSide: choices.longSide, mean: network.pixels.mean,
      standardDeviation: network.pixels.standardDeviation)
    let (boxes, scores) = network.propose(
      network.predict(network.features(Variable(input.pixels))), width: input.width,
      height: input.height, candidates: network.configuration.proposals.candidates,
      nmsThreshold: choices.nmsThreshold, limit: choices.top)
    let original = boxes.map {
      input.original($0).clipped(toWidth: Float(image.width), height: Float(image.height))
    }
    return (original, scores)
  }
}
