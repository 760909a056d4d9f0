import Networks
import Student
import Support
import Tensors

extension BackboneConfiguration {
  /// Families a backbone can be of, and their sizes.
  static let families = (0...4).map { "efficientnet-lite\($0)" }

  /// Of red, green and blue in 0...255: EfficientNet-Lite's own, with which it was trained.
  var mean: [Float] { [127, 127, 127] }
  var standardDeviation: [Float] { [128, 128, 128] }

  /// The backbone with the weights of `source`.
  func network(from source: some TensorSource) throws(InputError) -> EfficientNet {
    guard let size = Self.families.firstIndex(of: family) else {
      throw InputError(
        .configuration, "unknown backbone family '\(family)'",
        expected: Self.families.joined(separator: ", "))
    }
    return try EfficientNet.load(.lite(size), from: source, frozenStages: frozenStages)
  }
}

extension StudentNetworkConfiguration {
  /// The backbone to start training from: pretrained where a file is given, new otherwise.
  func initialBackbone(of run: Run, seed: UInt64) throws(InputError) -> EfficientNet {
    guard let backboneWeights else {
      return try detector.backbone.network(from: NewTensors(seed: seed))
    }
    return try detector.backbone.network(
      from: SafeTensorsFile(path: run.path(backboneWeights)))
  }

  func add(to inputs: inout StageInputs, of run: Run) throws(InputError) {
    inputs.add("network", detector)
    if let backboneWeights { try inputs.add("backbone", file: run.path(backboneWeights)) }
  }
}
