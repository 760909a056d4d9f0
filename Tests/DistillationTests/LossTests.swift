import Distillation
import Images
import Networks
import Regions
import Student
import Support
import Tensors
import Testing

@Suite struct LossTests {
  let student: Student
  let base: Tensor
  static let width = 512

  init() throws {
    var sizes = StudentConfiguration()
    sizes.pyramid.channels = 4
    sizes.pyramid.finestLevel = 4
    sizes.normalization.kind = .none
    sizes.masks.enabled = false
    sizes.proposals.trainingCandidates = 20
    sizes.proposals.trainingKept = 10
    sizes.regions.convolutions = 0
    sizes.regions.fullyConnected = [8]
    let backbone = EfficientNetConfiguration(
      stem: 4, stages: [1, 2, 2, 2, 2].map(Self.stage), head: 1, classes: 1, activation: .relu6)
    student = Student(
      backbone: try EfficientNet.load(backbone, from: NewTensors(seed: 1)), configuration: sizes,
      method: .vild, baseCategories: ["a", "b", "c"], embeddingWidth: Self.width, seed: 2)
    base = Self.unitRows(3, seed: 3)
  }

  private static func stage(stride: Int) -> EfficientNetConfiguration.Stage {
    .init(repeats: 1, kernel: 3, stride: stride, expansion: 1, output: 4)
  }

  private static func unitRows(_ count: Int, seed: UInt64) -> Tensor {
    var generator = SeededGenerator(seed: seed)
    return l2Normalize(
      Variable(.normal([count, width], standardDeviation: 1, using: &generator))
    ).value
  }

  /// - Parameter teacher: [R, D], of the boxes in order.
  private func example(distilled: [Box], teacher: Tensor) -> AugmentedExample {
    var choices = TrainingConfiguration()
    choices.longSides = [64]
    choices.flipProbability = 0
    var generator = SeededGenerator(seed: 4)
    let image = Image(width: 64, height: 64, filledWith: Color(200, 40, 90))
    return TrainingExample(
      image: image, objects: [(Box(x0: 8, y0: 10, x1: 40, y1: 50), 2)],
      distilled: EmbeddedRegions(
        distilled.map { Region(box: $0, score: 1) }, vectors: teacher.array)
    ).augmented(
      choices, mean: [127, 127, 127], standardDeviation: [128, 128, 128], using: &generator)
  }

  private func losses(_ examples: [AugmentedExample]) -> StudentLosses {
    var generator = SeededGenerator(seed: 5)
    return student.losses(examples, baseEmbeddings: base, tape: Tape(), using: &generator)
  }

  /// The paper's w of 0.5 is meant for the sum over the embedding's width: with D = 512 it is 256
  /// times the mean over the elements.
  @Test func halfTheSumOverTheWidthIs256TimesTheMeanOfTheElements() {
    let regions = [
      Box(x0: 0, y0: 0, x1: 30, y1: 30), Box(x0: 20, y0: 5, x1: 60, y1: 44),
      Box(x0: 3, y0: 9, x1: 50, y1: 20),
    ]
    let teacher = Self.unitRows(3, seed: 6)
    let example = example(distilled: regions, teacher: teacher)
    let losses = losses([example])
    let features = student.proposals.features(Variable(example.input.pixels))
    let embeddings = student.train(
      features, sampled: [[]], distilled: [regions], names: base
    ).embeddings!.value
    let differences = zip(embeddings.array, teacher.array).map { abs(Double($0 - $1)) }
    let mean = differences.reduce(0, +) / Double(differences.count)

    let without = losses.total(distillationWeight: 0).value.scalar
    let with = losses.total(distillationWeight: 0.5).value.scalar
    #expect(abs(Double(with - without) - 256 * mean) < 1e-3 * 256 * mean)
  }

  @Test func theTotalIsTheSumOfAllWithOnlyTheImageLossWeighted() throws {
    let box = Box(x0: 0, y0: 0, x1: 30, y1: 30)
    let losses = losses([example(distilled: [box], teacher: Self.unitRows(1, seed: 6))])
    let values = Dictionary(uniqueKeysWithValues: losses.values)
    let image = try #require(values["image"])
    let rest = ["objectness", "proposal_boxes", "text", "boxes"].compactMap { values[$0] }
    #expect(values.count == 5 && rest.count == 4)
    for w: Float in [0, 0.5, 3] {
      let total = Double(losses.total(distillationWeight: w).value.scalar)
      #expect(abs(total - (rest.reduce(0, +) + Double(w) * image)) < 1e-4 * total)
    }
  }

  /// Images of which the cache has no region.
  @Test func withoutRegionsToDistilThereIsNoImageLoss() {
    let nothing = example(distilled: [], teacher: Tensor([0, Self.width], []))
    for examples in [[nothing], [nothing, nothing]] {
      let losses = losses(examples)
      #expect(losses.image == nil)
      #expect(losses.values.map(\.0) == ["objectness", "proposal_boxes", "text", "boxes"])
      #expect(losses.total(distillationWeight: 0.5).value.isFinite)
    }
  }

  /// Two images, of two regions and one, and one without any between them: the mean over the three,
  /// each against its own teacher's vector.
  @Test func regionsOfSeveralImagesMeetTheirOwnVectors() throws {
    let (two, one) = (
      [Box(x0: 0, y0: 0, x1: 30, y1: 30), Box(x0: 20, y0: 5, x1: 60, y1: 44)],
      [Box(x0: 3, y0: 9, x1: 50, y1: 20)]
    )
    // The last one's is far from all that are random: all its length in one number.
    let axis = Tensor([1, Self.width], [1] + [Float](repeating: 0, count: Self.width - 1))
    let teachers = (Self.unitRows(2, seed: 6), axis)
    let none = example(distilled: [], teacher: Tensor([0, Self.width], []))
    let (first, last) = (
      example(distilled: two, teacher: teachers.0), example(distilled: one, teacher: teachers.1)
    )
    func image(_ examples: [AugmentedExample]) throws -> Float {
      try #require(losses(examples).image).value.scalar
    }
    let apart = (try image([first]), try image([last]))
    let together = try image([first, none, last])
    #expect(abs(together - (2 * apart.0 + apart.1) / 3) < 1e-4 * together)
    #expect(abs(apart.0 - apart.1) > 1e-2 * together)
  }

  /// An image without objects has background only.
  @Test func withoutObjectsTheBoxLossesAreZero() {
    var empty = TrainingConfiguration()
    empty.longSides = [64]
    var generator = SeededGenerator(seed: 4)
    let example = TrainingExample(image: Image(width: 64, height: 40), objects: []).augmented(
      empty, mean: [127, 127, 127], standardDeviation: [128, 128, 128], using: &generator)
    let values = Dictionary(uniqueKeysWithValues: losses([example]).values)
    #expect(values["boxes"] == 0 && values["proposal_boxes"] == 0)
    #expect(values["text"]!.isFinite && values["objectness"]! > 0)
  }
}
