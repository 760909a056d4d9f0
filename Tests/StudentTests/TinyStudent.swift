import Distillation
import Images
import Networks
import Regions
import Student
import Support
import Tensors
import TestSupport
import Testing

/// The student and the training image of `make_goldens.py`, and what PyTorch made of them.
struct TinyStudent {
  let golden: SafeTensorsFile
  let student: Student
  let image: Image

  static let configuration: StudentConfiguration = {
    var sizes = StudentConfiguration()
    sizes.backbone.frozenStages = 2
    sizes.normalization.kind = .none
    sizes.masks.enabled = false
    sizes.pyramid.coarse = .subsampled
    sizes.proposals.smallestSide = 1
    sizes.pyramid.channels = 8
    sizes.pyramid.finestLevel = 3
    sizes.proposals.convolutions = 1
    sizes.proposals.anchorScale = 4
    sizes.proposals.boxLossWeight = 9 * 0x1p14
    sizes.proposals.trainingCandidates = 60
    sizes.proposals.candidates = 60
    sizes.proposals.trainingKept = 40
    // More than there are: every candidate counts and nothing is drawn.
    sizes.proposals.sampledAnchors = 1 << 20
    sizes.regions.sampledRegions = 1 << 20
    sizes.regions.boxLossWeight = 0x1p15
    sizes.regions.poolSize = 3
    sizes.regions.canonicalSize = 28
    sizes.regions.convolutions = 1
    sizes.regions.fullyConnected = [16]
    sizes.regions.temperature = 0.1
    return sizes
  }()

  static let base = ["a", "b", "c", "d", "e"]

  static let backbone = EfficientNetConfiguration(
    stem: 8,
    stages: [
      .init(repeats: 1, kernel: 3, stride: 1, expansion: 1, output: 16),
      .init(repeats: 2, kernel: 3, stride: 2, expansion: 3, output: 8),
      .init(repeats: 2, kernel: 5, stride: 2, expansion: 3, output: 16),
      .init(repeats: 1, kernel: 3, stride: 2, expansion: 3, output: 16),
      .init(repeats: 2, kernel: 5, stride: 1, expansion: 3, output: 24),
      .init(repeats: 1, kernel: 5, stride: 2, expansion: 3, output: 32),
      .init(repeats: 1, kernel: 3, stride: 1, expansion: 3, output: 24),
    ], head: 1, classes: 1, activation: .relu6)

  init() throws {
    let path = fixture("Goldens/student-tiny.safetensors")
    golden = try SafeTensorsFile(path: path)
    let backbone = try EfficientNet.load(
      Self.backbone, from: NewTensors(seed: 0),
      frozenStages: Self.configuration.backbone.frozenStages)
    student = Student(
      backbone: backbone, configuration: Self.configuration, method: .vild,
      baseCategories: Self.base,
      embeddingWidth: 12, seed: 0)
    try golden.restore(student.parameters)
    let pixels = try golden.tensor("golden.image")
    image = Image(
      width: pixels.shape[1], height: pixels.shape[0], pixels: pixels.array.map { UInt8($0) })
  }

  func expected(_ name: String) throws -> Tensor { try golden.tensor("golden.\(name)") }

  func boxes(_ name: String) throws -> [Box] {
    let edges = try expected(name).array
    return stride(from: 0, to: edges.count, by: 4).map {
      Box(x0: edges[$0], y0: edges[$0 + 1], x1: edges[$0 + 2], y1: edges[$0 + 3])
    }
  }

  var input: DetectorInput {
    DetectorInput(
      image, longSide: image.width, mean: [127, 127, 127], standardDeviation: [128, 128, 128])
  }

  /// The training image with its objects and the teacher's regions; as large as it is, and not
  /// mirrored.
  func example() throws -> AugmentedExample {
    var choices = TrainingConfiguration()
    choices.longSides = [image.width]
    choices.flipProbability = 0
    var generator = SeededGenerator(seed: 0)
    let categories = try golden.integers("golden.categories")
    return TrainingExample(
      image: image, objects: Array(zip(try boxes("objects"), categories)),
      crowds: try boxes("crowds"),
      distilled: EmbeddedRegions(
        try boxes("distilled").map { Region(box: $0, score: 1) },
        vectors: try expected("teacher").array)
    ).augmented(
      choices, mean: [127, 127, 127], standardDeviation: [128, 128, 128], using: &generator)
  }
}

extension SafeTensorsFile {
  /// Puts PyTorch's weights, all tensors under "model.", into a student's parameters.
  func restore(_ parameters: [Parameter]) throws {
    for parameter in parameters {
      parameter.value = try tensor("model.\(parameter.name)", shape: parameter.value.shape)
    }
    let stored = names.filter { $0.hasPrefix("model.") }
    #expect(stored == parameters.map { "model.\($0.name)" }.sorted())
  }
}

extension Tensor {
  /// The largest difference of two elements, in units of the largest element of `other`.
  func distance(to other: Tensor) -> Float {
    guard shape == other.shape else { return .infinity }
    let scale = other.array.lazy.map(abs).max() ?? 0
    let worst = zip(array, other.array).lazy.map { abs($0 - $1) }.max() ?? 0
    return worst / max(scale, .leastNormalMagnitude)
  }
}

extension [Box] {
  /// The largest difference of two edges, in pixels.
  func distance(to other: [Box]) -> Float {
    guard count == other.count else { return .infinity }
    return zip(self, other).lazy.map { a, b in
      [a.x0 - b.x0, a.y0 - b.y0, a.x1 - b.x1, a.y1 - b.y1].map(abs).max()!
    }.max() ?? 0
  }
}
