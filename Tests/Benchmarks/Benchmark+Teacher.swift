import Networks
import Regions
import Support
import Teacher
import Tensors

/// The image tower of the ConSE teacher, EfficientNet-Lite2 at 260 x 260 pixels.
extension Benchmark {
  /// Crop, antialiased bicubic resize, normalise, and the tower, for 16 regions at 1x and 1.5x.
  static func regionEmbedding(data: String?) throws -> Work {
    let embedder = RegionEmbedder(teacher: try ImageTower(data: data))
    let (image, regions) = (noise(width: 640, height: 480), regions(16, scale: 1))
    return (32, { _ = embedder.embed(image, regions) })
  }

  /// The tower alone, over 32 crops, as many at a time as region embedding hands it.
  static func imageTower(data: String?, precision: Precision = .float32) throws -> Work {
    try FrozenEfficientNet.requireAvailable(precision)
    let tower = try ImageTower(data: data, precision: precision)
    var generator = SeededGenerator(seed: 4)
    let (size, count) = (tower.preprocessing.size, tower.cropsPerBatch)
    let pixels = Tensor.normal([count, size, size, 3], standardDeviation: 1, using: &generator)
    return (32, { Parallel.items(32 / count) { _ in _ = tower.embed(pixels: pixels) } })
  }
}

/// `ConSETeacher`'s way from pixels to embeddings, with any weights.
private struct ImageTower: Teacher {
  let network: EfficientNet
  let rounded: FrozenClassifier?
  let classText = Benchmark.unitRows(1000)

  init(data: String?, precision: Precision = .float32) throws {
    let weights = try Benchmark.weights(
      data.map { "\($0)/teacher-conse/image_tower.safetensors" })
    let loaded = try EfficientNet.load(.lite(2), from: weights)
    network = loaded.folded()
    rounded = precision == .float32 ? nil : FrozenClassifier(loaded, precision: precision)
  }

  var width: Int { classText.shape[1] }
  let templates = PromptTemplates.conse
  var cropsPerBatch: Int { rounded == nil ? 1 : 8 }
  let preprocessing = Preprocessing(
    size: 260, mean: .init(repeating: 127), standardDeviation: .init(repeating: 128))

  func embedUnnormalized(pixels: Tensor) -> Tensor {
    let logits =
      rounded.map { Variable($0.logits(pixels: pixels)) } ?? network.classify(Variable(pixels))
    return linear(softmax(logits), Variable(classText)).value
  }

  var textTower: SentenceEncoder { preconditionFailure("there is no text tower") }
}
