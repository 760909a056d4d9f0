import Detection
import Distillation
import Images
import Networks
import Regions
import Student
import Support
import Tensors

/// Detectors on ResNets, with random weights; Tests/Peers/mask_rcnn.py is the other side.
extension Benchmark {
  /// A narrow ResNet-18 with pyramid, both heads' training and, if wanted, masks: forward, backward
  /// and SGD of four images of 256 x 256 pixels, 100 sampled and 100 distilled regions each.
  static func smallTrainingStep(masks: Bool) throws -> Work {
    var sizes = StudentConfiguration()
    sizes.backbone.family = .resNet18
    sizes.backbone.width = 32
    sizes.pyramid.channels = 64
    sizes.pyramid.finestLevel = 3
    sizes.pyramid.coarsestLevel = 5
    sizes.proposals.convolutions = 1
    sizes.proposals.anchorScale = 4
    sizes.proposals.trainingCandidates = 500
    sizes.proposals.trainingKept = 256
    sizes.regions.canonicalSize = 112
    sizes.regions.convolutions = 0
    sizes.regions.fullyConnected = [256]
    sizes.regions.sampledRegions = 100
    sizes.masks.enabled = masks
    sizes.masks.convolutions = 2
    return try step(sizes, images: 4, width: 256, height: 256, distilled: 100, embeddings: 384)
  }

  /// The paper's method on Mask R-CNN's published sizes: ResNet-50, pyramid P2 to P6, frozen norms.
  static func maskRCNN() -> StudentConfiguration {
    var sizes = StudentConfiguration()
    sizes.backbone.norm = .frozen
    sizes.backbone.frozenStages = 2
    sizes.normalization.kind = .none
    sizes.pyramid.coarse = .subsampled
    sizes.proposals.convolutions = 1
    sizes.regions.convolutions = 0
    return sizes
  }

  /// An image of 640 x 640 pixels, 512 sampled regions.
  static func maskRCNNTrainingStep() throws -> Work {
    try step(maskRCNN(), images: 1, width: 640, height: 640, distilled: 0, embeddings: 512)
  }

  /// An image of 640 x 640 pixels, 1000 proposals, probabilities of 90 names, 100 masks.
  static func maskRCNNDetection() throws -> Work {
    let sizes = maskRCNN()
    let student = Student(
      backbone: try sizes.backboneNetwork(from: EvenResiduals()), configuration: sizes,
      method: .vildText, baseCategories: numbers(90), embeddingWidth: 512, seed: 1
    ).folded()
    let (image, names) = (noise(width: 640, height: 640), asked(90, width: 512))
    let pixels = student.pixels
    return (
      1,
      {
        let input = DetectorInput(
          image, longSide: 640, mean: pixels.mean, standardDeviation: pixels.standardDeviation)
        let found = student.detect(input, limit: 1000)
        let scores = student.regions.scores(found.description, for: names)
        let detections = PostProcessing(limit: 100).detections(
          boxes: found.regions.boxes, tiles: scores.tiles
        ) { scores($0) }
        let (cells, side) = (student.masks(detections.map(\.box), in: found)!, sizes.masks.side)
        Parallel.items(detections.count) { i in
          _ = Mask(
            width: 640, height: 640, pasting: cells.rows(i..<i + 1).array, side: side,
            in: detections[i].box)
        }
      }
    )
  }

  /// A student with random weights.
  static func newStudent(
    _ sizes: StudentConfiguration, method: Method, embeddings: Int
  ) throws -> Student {
    Student(
      backbone: try sizes.backboneNetwork(from: EvenResiduals()), configuration: sizes,
      method: method, baseCategories: numbers(90), embeddingWidth: embeddings, seed: 1)
  }

  /// Forward, backward and the optimiser's step.
  static func step(
    _ sizes: StudentConfiguration, images: Int, width: Int, height: Int, distilled: Int,
    embeddings: Int,
    optimizer: ([Parameter]) -> any Optimizer = {
      SGD($0, momentum: 0.9, decay: 4e-5, maximumNorm: 10)
    }
  ) throws -> Work {
    let student = try newStudent(
      sizes, method: distilled > 0 ? .vild : .vildText, embeddings: embeddings)
    let base = unitRows(90, width: embeddings)
    let scale = Float(width) / 640
    let objects = boxes(8, scale: scale)
    let example = TrainingExample(
      image: noise(width: width, height: height),
      objects: objects.enumerated().map { (box: $1, category: $0) },
      masks: objects.map { Mask(rectangle: $0, width: width, height: height) },
      distilled: EmbeddedRegions(
        regions(distilled, scale: scale), vectors: unitRows(distilled, width: embeddings).array))
    var choices = TrainingConfiguration()
    choices.longSides = [max(width, height)]
    choices.flipProbability = 0
    let optimizer = optimizer(student.parameters.filter(\.isTrained))
    var generator = SeededGenerator(seed: 1)
    let pixels = student.pixels
    return (
      1,
      {
        let examples = (0..<images).map { _ in
          example.augmented(
            choices, mean: pixels.mean, standardDeviation: pixels.standardDeviation,
            using: &generator)
        }
        let tape = Tape()
        let losses = student.losses(
          examples, baseEmbeddings: base,
          maskTarget: { examples[$0].maskTarget(of: $1, in: $2, side: $3) },
          tape: tape, using: &generator)
        tape.backward(losses.total(distillationWeight: 0.5))
        optimizer.step(rate: 1e-4)
      }
    )
  }
}

/// New weights whose residuals do not pile up where norms are frozen.
struct EvenResiduals: TensorSource {
  let others = NewTensors(seed: 1)

  func tensor(_ name: String, shape: [Int]?) throws(InputError) -> Tensor {
    let tensor = try others.tensor(name, shape: shape)
    return name.hasSuffix("bn3.weight") ? tensor * 0.2 : tensor
  }
}

extension Mask {
  fileprivate init(rectangle box: Box, width: Int, height: Int) {
    self.init(
      width: width, height: height, pasting: [1], side: 1,
      in: Box(
        x0: box.x0 - box.width / 2, y0: box.y0 - box.height / 2, x1: box.x1 + box.width / 2,
        y1: box.y1 + box.height / 2))
  }
}
