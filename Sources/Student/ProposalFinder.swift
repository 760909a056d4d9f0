import Images
import Networks
import Regions
import Student
import Support
import Tensors

/// The offline proposals of an image, by a trained proposal network.
struct ProposalFinder: Sendable {
  /// Norms folded.
  let network: ProposalNetwork
  let choices: ProposalStageConfiguration

  /// Version of the rules of `proposals` beside the network's and its choices, counted up when one
  /// changes.
  private static let rules = 1

  /// What the proposals of an image depend on.
  ///
  /// - Parameter network: the hash of what the trained network depends on.
  static func inputs(network: String, _ choices: ProposalStageConfiguration) -> StageInputs {
    var inputs = StageInputs()
    inputs.add("network", hash: network)
    inputs.add("rules", rules)
    inputs.add("long side", choices.longSide)
    inputs.add("nms threshold", choices.nmsThreshold)
    inputs.add("top", choices.top)
    return inputs
  }

  /// - Returns: in original pixels, best first.
  /// - Throws: `InputError` where what the network says is not finite.
  func proposals(of image: Image) throws(InputError) -> [Region] {
    let input = DetectorInput(
      image, longSide: choices.longSide, mean: network.pixels.mean,
      standardDeviation: network.pixels.standardDeviation)
    let prediction = network.predict(network.features(Variable(input.pixels)))
    guard prediction.isFinite else {
      throw .notFinite("the proposal network's boxes and scores")
    }
    return network.propose(
      prediction, width: input.width, height: input.height,
      candidates: network.configuration.proposals.candidates,
      nmsThreshold: choices.nmsThreshold, limit: choices.top
    ).map { region in
      let box = input.original(region.box)
        .clipped(toWidth: Float(image.width), height: Float(image.height))
      return Region(box: box, score: region.score)
    }
  }
}
