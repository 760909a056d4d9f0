import Networks
import Pipeline
import Student
import Support
import Tensors

extension StudentNetworkConfiguration {
  /// The backbone to start training from: pretrained where a file is given, new otherwise.
  func initialBackbone(of run: Run, seed: UInt64) throws(InputError) -> any Backbone {
    guard let backboneWeights else {
      return try detector.backboneNetwork(from: NewTensors(seed: seed))
    }
    return try detector.backboneNetwork(from: Weights(path: run.path(backboneWeights)))
  }

  /// What a network that is to be trained depends on: its sizes, rules and first weights.
  func inputs(of run: Run) throws(InputError) -> StageInputs {
    var inputs = StageInputs()
    inputs.add("detector", detector)
    if let backboneWeights { try inputs.add("backbone", file: run.path(backboneWeights)) }
    return inputs
  }
}
