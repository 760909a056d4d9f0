import Distillation
import Images
import Networks
import Regions
import Student
import Support
import Tensors

/// The detector of pipelines/coco-mini.yaml on an image of 512 x 384 pixels.
extension Benchmark {
  private static let (mean, deviation): ([Float], [Float]) = ([127, 127, 127], [128, 128, 128])

  /// Forward, backward and SGD with 128 sampled and 150 distilled regions of an image.
  static func trainingStep(data: String?) throws -> Work {
    let student = try detector(data: data)
    let base = unitRows(48)
    let objects = boxes(8, scale: 0.8).enumerated().map { (box: $1, category: $0) }
    let example = TrainingExample(
      image: noise(width: 512, height: 384), objects: objects,
      distilled: EmbeddedRegions(regions(150, scale: 0.8), vectors: unitRows(150).array))
    var choices = TrainingConfiguration()
    choices.flipProbability = 0
    let optimizer = SGD(
      student.parameters.filter(\.isTrained), momentum: 0.9, decay: 4e-5, maximumNorm: 10)
    var generator = SeededGenerator(seed: 1)
    return (
      1,
      {
        let tape = Tape()
        let losses = student.losses(
          [
            example.augmented(
              choices, mean: mean, standardDeviation: deviation, using: &generator)
          ],
          baseEmbeddings: base, tape: tape, using: &generator)
        tape.backward(losses.total(distillationWeight: 0.5))
        optimizer.step(rate: 1e-4)
      }
    )
  }

  /// Two images: boxes, embeddings and probabilities among 65 names, of 256 proposals each.
  static func detection(data: String?) throws -> Work {
    let student = try detector(data: data).folded()
    let (image, names) = (noise(width: 512, height: 384), asked(65))
    return (
      2,
      {
        Parallel.items(2) { _ in
          let input = DetectorInput(
            image, longSide: 512, mean: mean, standardDeviation: deviation)
          _ =
            student.regions.scores(
              student.detect(input, limit: 256).description, for: names
            ).table
        }
      }
    )
  }

  private static func detector(data: String?) throws -> Student {
    var sizes = StudentConfiguration()
    sizes.pyramid.channels = 128
    sizes.pyramid.finestLevel = 3
    sizes.proposals.convolutions = 1
    sizes.proposals.anchorScale = 4
    sizes.backbone.frozenStages = 2
    sizes.normalization.kind = .none
    sizes.masks.enabled = false
    sizes.pyramid.coarse = .subsampled
    sizes.proposals.trainingCandidates = 500
    sizes.proposals.candidates = 500
    sizes.proposals.trainingKept = 256
    sizes.regions.canonicalSize = 112
    sizes.regions.convolutions = 0
    sizes.regions.fullyConnected = [1024]
    sizes.regions.sampledRegions = 128
    let backbone = try EfficientNet.load(
      .lite(0), from: weights(data.map { "\($0)/backbone/efficientnet-lite0.safetensors" }),
      frozenStages: sizes.backbone.frozenStages)
    return Student(
      backbone: backbone, configuration: sizes, method: .vild, baseCategories: numbers(48),
      embeddingWidth: 384, seed: 1)
  }

  /// A checkpoint, or random weights.
  static func weights(_ path: String?) throws -> any TensorSource {
    try path.map { try SafeTensorsFile(path: $0) } ?? NewTensors(seed: 1)
  }

  /// Names of so many categories.
  static func numbers(_ count: Int) -> [String] { (0..<count).map(String.init) }

  /// The same with random embeddings.
  static func asked(_ count: Int, width: Int = 384) -> AskedCategories {
    AskedCategories(names: numbers(count), embeddings: unitRows(count, width: width))
  }

  static func regions(_ count: Int, scale: Float) -> [Region] {
    boxes(count, scale: scale).map { Region(box: $0, score: 1) }
  }

  /// [count, width]
  static func unitRows(_ count: Int, width: Int = 384) -> Tensor {
    var generator = SeededGenerator(seed: 2)
    return l2Normalize(
      Variable(.normal([count, width], standardDeviation: 1, using: &generator))
    ).value
  }

  static func noise(width: Int, height: Int) -> Image {
    var generator = SeededGenerator(seed: 3)
    return Image(
      width: width, height: height,
      pixels: (0..<width * height * 3).map { _ in UInt8.random(in: 0...255, using: &generator) })
  }
}
