import Foundation
import Support
import Tensors

extension CLIP {
  /// A model with random weights as OpenAI's code makes them, for training from scratch.
  ///
  /// - Parameter momentum: of the running statistics of a residual tower's norms.
  public init(_ configuration: CLIPConfiguration, seed: UInt64, momentum: Float = 0.9) {
    do throws(InputError) {
      self = try .load(
        configuration, from: InitialTensors(configuration, seed: seed), momentum: momentum)
    } catch {
      preconditionFailure("initial weights come from no file: \(error)")
    }
  }
}

/// Normal distributions whose deviations follow from width and depth; norms that change nothing,
/// biases of zero, and a cosine factor of 1 / 0.07.
///
/// A tensor's values follow from the seed and its name.
private struct InitialTensors: TensorSource {
  private let configuration: CLIPConfiguration
  private let seed: UInt64

  init(_ configuration: CLIPConfiguration, seed: UInt64) {
    (self.configuration, self.seed) = (configuration, seed)
  }

  func tensor(_ name: String, shape: [Int]?) throws(InputError) -> Tensor {
    guard let shape else { preconditionFailure("the shape of '\(name)' is not given") }
    if name == "logit_scale" { return Tensor(shape, [log(1 / 0.07)]) }
    // A block of a residual tower begins as its shortcut.
    let isBlockEnd = name.hasPrefix("visual.layer") && name.hasSuffix("bn3.weight")
    if name.hasSuffix("bias") || name.hasSuffix("running_mean") || isBlockEnd {
      return Tensor(zeros: shape)
    }
    if shape.count == 1 && !name.hasSuffix("class_embedding") {
      return Tensor(shape) { $0.initialize(repeating: 1) }
    }
    let stream = name.utf8.reduce(UInt64(5381)) { $0 &* 33 &+ UInt64($1) }
    var generator = SeededGenerator(seed: seed, stream: stream)
    return .normal(shape, standardDeviation: deviation(name, shape), using: &generator)
  }

  private func deviation(_ name: String, _ shape: [Int]) -> Float {
    if name.hasPrefix("visual.") { return residualDeviation(name, shape) }
    var tower = configuration.text.transformer
    if name.hasPrefix("vis"), case .transformer(let vision) = configuration.vision {
      tower = vision.transformer
    }
    let ofWidth = 1 / Float(tower.width).squareRoot()
    // The sums that the blocks add to keep their size.
    let ofDepth = 1 / Float(2 * tower.layers).squareRoot()
    switch name {
    case "text_model.embeddings.token_embedding.weight": return 0.02
    case "text_model.embeddings.position_embedding.weight": return 0.01
    // A uniform distribution as of PyTorch's convolutions has this deviation.
    case "vision_model.embeddings.patch_embedding.weight":
      return 1 / Float(3 * shape.dropFirst().reduce(1, *)).squareRoot()
    case _ where name.hasSuffix("out_proj.weight"), _ where name.hasSuffix("fc2.weight"):
      return ofWidth * ofDepth
    case _ where name.hasSuffix("fc1.weight"): return 1 / Float(2 * tower.width).squareRoot()
    default: return ofWidth
    }
  }

  /// A uniform distribution as of PyTorch's convolutions, or one by the attention pool's width.
  private func residualDeviation(_ name: String, _ shape: [Int]) -> Float {
    name.contains("attnpool")
      ? 1 / Float(shape[1]).squareRoot()
      : 1 / Float(3 * shape.dropFirst().reduce(1, *)).squareRoot()
  }
}
