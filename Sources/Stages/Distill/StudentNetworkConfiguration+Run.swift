import Datasets
import Networks
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

  /// The same without what a proposal network does not have.
  var firstStage: StudentNetworkConfiguration {
    var copy = self
    copy.detector.regions = RegionHeadConfiguration()
    copy.detector.masks = MaskHeadConfiguration()
    return copy
  }

  /// What a network that is to be trained depends on: its sizes, rules and first weights.
  func inputs(of run: Run) throws(InputError) -> StageInputs {
    var inputs = StageInputs()
    inputs.add("detector", detector)
    if let backboneWeights { try inputs.add("backbone", file: run.path(backboneWeights)) }
    return inputs
  }
}

extension CategorySplit {
  /// How much an ensemble's text head decides about each of these categories.
  func textShares(of names: [String]) -> [Float] {
    let (base, novel) = (Set(base), Set(novel))
    return names.map {
      base.contains($0) ? TextShare.base : novel.contains($0) ? TextShare.novel : TextShare.unknown
    }
  }
}
