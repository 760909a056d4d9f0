import Networks
import Pipeline
import Student
import Support
import Tensors

/// What training starts from.
struct InitialNetwork {
  let backbone: any Backbone
  private let detector: DetectorFile?

  fileprivate init(_ backbone: any Backbone, _ detector: DetectorFile? = nil) {
    (self.backbone, self.detector) = (backbone, detector)
  }

  /// Puts what the file has beside a backbone into a network that was made with it.
  ///
  /// - Parameter say: what was taken and what not is told, where the file is a whole detector's.
  func start(_ network: ProposalNetwork, say: (String) -> Void) throws(InputError) {
    if let note = try detector?.start(network) { say(note) }
  }
}

extension StudentNetworkConfiguration {
  /// What training starts from: pretrained where a file is given, new otherwise.
  func initial(of run: Run, seed: UInt64) throws(InputError) -> InitialNetwork {
    guard let backboneWeights else {
      return InitialNetwork(try detector.backboneNetwork(from: NewTensors(seed: seed)))
    }
    let weights = try Weights(path: run.path(backboneWeights))
    guard let file = try DetectorFile(weights, for: detector) else {
      return InitialNetwork(try detector.backboneNetwork(from: weights))
    }
    return InitialNetwork(try detector.backboneNetwork(from: file.backbone), file)
  }

  /// What a network that is to be trained depends on: its sizes, rules and first weights.
  func inputs(of run: Run) throws(InputError) -> StageInputs {
    var inputs = StageInputs()
    inputs.add("detector", detector)
    if let backboneWeights { try inputs.add("backbone", file: run.path(backboneWeights)) }
    return inputs
  }
}
