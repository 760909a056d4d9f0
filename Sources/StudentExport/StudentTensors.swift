public import Student
public import Tensors

/// A student's weights as PyTorch's layers want them, for programs that have the layers themselves.
///
/// `schemas/exports.md` lists names and layouts.
public struct StudentTensors {
  /// Names differ.
  public let tensors: [(name: String, value: Tensor)]

  init(_ tensors: [(name: String, value: Tensor)]) { self.tensors = tensors }

  /// All of a student under its own names.
  ///
  /// - Parameter student: norms not folded.
  public init(_ student: Student) {
    let layout = PyTorchLayout(of: student.configuration)
    tensors = student.parameters.map { ($0.name, layout($0)) }
  }
}

/// How PyTorch keeps a student's parameters.
struct PyTorchLayout {
  /// Of a pooled region: cells along each side, and channels.
  private let side, channels: Int
  /// How the names of the layers that read pooled cells end.
  private let readers: [String]

  init(of configuration: StudentConfiguration) {
    (side, channels) = (configuration.regions.poolSize, configuration.pyramid.channels)
    readers =
      configuration.regions.fullyConnected.isEmpty
      ? ["projection", "deltas", "categories"] : ["connected0"]
  }

  func callAsFunction(_ parameter: Parameter) -> Tensor {
    let (name, value) = (parameter.name, parameter.value)
    let isWeight = name.hasSuffix(".weight")
    switch value.shape.count {
    case 4 where name == "masks.upsampling.weight": return value.asPyTorchTransposedConvolution
    case 3, 4: return value.asPyTorchConvolution
    case 2 where isWeight && readsCells(name):
      // Pooled cells come channel by channel there.
      let output = value.shape[1]
      return value.reshaped([side, side, channels, output]).permuted([3, 2, 0, 1])
        .reshaped([output, -1])
    // A squeeze's and excitation's layers are 1x1 convolutions there.
    case 2 where isWeight && name.hasPrefix("_blocks."):
      return value.transposed.reshaped([value.shape[1], value.shape[0], 1, 1])
    case 2 where isWeight: return value.transposed
    default: return value
    }
  }

  private func readsCells(_ name: String) -> Bool {
    ["regions", "image"].contains { head in
      readers.contains { name == "\(head).\($0).weight" }
    }
  }
}
