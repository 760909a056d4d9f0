import Pipeline
import Student

extension ProposalFinder {
  /// - Parameter network: with norms folded.
  init(network: ProposalNetwork, choices: ProposalStageConfiguration) {
    self.init(
      network: network, longSide: choices.longSide, nmsThreshold: choices.nmsThreshold,
      top: choices.top)
  }

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
}
