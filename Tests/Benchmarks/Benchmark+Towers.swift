import Foundation
import Images
import Networks
import Regions
import Support
import Teacher
import Tensors

/// The published teachers' image towers, with random weights; Tests/Peers/towers.py is the other
/// side.
extension Benchmark {
  /// CLIP's ViT-B/32 at 224 x 224 pixels.
  static func visionTransformer(_ precision: Precision) throws -> any ImageTower {
    try precision.requireAvailable()
    return FrozenVisionTransformer(
      try .load(visionTransformerB32, from: NewTensors(seed: 1)), precision: precision)
  }

  static let visionTransformerB32 = VisionTransformer.Configuration(
    transformer: .init(
      width: 768, intermediate: 3072, layers: 12, heads: 12, activation: .quickGELU),
    imageSize: 224, patchSize: 32, projection: 512)

  /// ALIGN's EfficientNet-B7.
  static func efficientNet(_ precision: Precision) throws -> any ImageTower {
    try FrozenEfficientNet.requireAvailable(precision)
    let network = try EfficientNet.load(
      .b(7), from: NewTensors(seed: 1), names: .huggingFace)
    return FrozenEfficientNet(network, precision: precision)
  }

  /// EfficientNet-Lite2, as ConSE has it but for the classifier, fused.
  static func lite2(_ precision: Precision) throws -> any ImageTower {
    try FrozenEfficientNet.requireAvailable(precision)
    return FrozenEfficientNet(
      try .load(.lite(2), from: NewTensors(seed: 1)), precision: precision)
  }

  /// A tower alone, batch by batch, as region embedding calls it.
  static func tower(_ tower: any ImageTower, crops: Int, side: Int) -> Work {
    var generator = SeededGenerator(seed: 4)
    let batch = crops / Parallel.workers
    let pixels = Tensor.normal([batch, side, side, 3], standardDeviation: 1, using: &generator)
    return (
      batch * Parallel.workers,
      { Parallel.items(Parallel.workers) { _ in _ = tower.embed(pixels: pixels) } }
    )
  }

  /// ViT-B/32 behind decoding, cropping, resizing and normalising: two images of 16 regions each.
  static func regions(_ precision: Precision, photograph: String) throws -> Work {
    let embedder = RegionEmbedder(teacher: AnyTower(tower: try visionTransformer(precision)))
    let requests = (0..<2).map { Proposals(imageID: $0, regions: regions(16, scale: 1)) }
    return (
      64,
      {
        try embedder.embed(
          requests,
          read: { _ throws(ImageError) in try Image.read(photograph, orientation: .stored) },
          deliver: { _ = try $0.outcome.get() })
      }
    )
  }
}

/// A tower with CLIP's preprocessing and no words.
private struct AnyTower: Teacher {
  let tower: any ImageTower
  let templates = PromptTemplates.single
  let preprocessing = Preprocessing.clip(size: 224)

  var width: Int { tower.width }
  var textTower: SentenceEncoder { preconditionFailure("there is no text tower") }

  func embedUnnormalized(pixels: Tensor) -> Tensor { tower.embed(pixels: pixels) }
}
