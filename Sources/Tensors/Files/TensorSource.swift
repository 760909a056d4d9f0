public import Support

/// Where a network's weights come from: a checkpoint, or new ones.
public protocol TensorSource {
  /// The tensor of a name and shape, in PyTorch's layout.
  ///
  /// - Throws: `InputError` naming the tensor, and both shapes where they differ.
  func tensor(_ name: String, shape: [Int]?) throws(InputError) -> Tensor
}

extension SafeTensorsFile: TensorSource {}

/// New weights, for training from scratch: He-initialised kernels, by fan-out those of convolutions
/// as in torchvision, and norms that change nothing.
///
/// A tensor's values follow from the seed and its name.
public struct NewTensors: TensorSource {
  private let seed: UInt64

  public init(seed: UInt64) { self.seed = seed }

  public func tensor(_ name: String, shape: [Int]?) throws(InputError) -> Tensor {
    guard let shape else { preconditionFailure("the shape of a new tensor '\(name)' is not given") }
    if shape.count > 1 {
      let stream = name.utf8.reduce(UInt64(5381)) { $0 &* 33 &+ UInt64($1) }
      var generator = SeededGenerator(seed: seed, stream: stream)
      // Depthwise kernels have one input channel each: fan-in is what they sum over.
      let isDense = shape.count == 4 && shape[1] > 1
      let fan = isDense ? shape[0] * shape[2] * shape[3] : shape.dropFirst().reduce(1, *)
      return .heNormal(shape, fan: fan, using: &generator)
    }
    let isScale = name.hasSuffix("weight") || name.hasSuffix("running_var")
    return Tensor(shape) { $0.initialize(repeating: isScale ? 1 : 0) }
  }
}
