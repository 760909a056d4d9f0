import Distillation
import Foundation
import Images
import Networks
import Regions
import Student
import Support
import Tensors
import TestSupport
import Testing

/// Value by value, what PyTorch and torchvision compute for the paper's detector: ResNet, pyramid
/// P2 to P6, batch norms, masks and two heads, on a batch of two images (`make_detector.py`).
@Suite struct DetectorParityTests {
  let golden: SafeTensorsFile
  let student: Student

  init() throws {
    let path = fixture("Goldens/detector-tiny.safetensors")
    golden = try SafeTensorsFile(path: path)
    var sizes = StudentConfiguration()
    sizes.pyramid.channels = 8
    sizes.proposals.convolutions = 1
    sizes.proposals.anchorScale = 4
    sizes.proposals.boxLossWeight = 9 * 0x1p14
    sizes.proposals.trainingCandidates = 60
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
    sizes.masks.poolSize = 3
    sizes.masks.convolutions = 1
    sizes.masks.sampledRegions = 1 << 20
    let backbone = try ResNet.load(
      ResNetConfiguration(stem: 4, blocks: [1, 1, 1, 1], width: 2), from: NewTensors(seed: 0),
      momentum: sizes.normalization.momentum)
    student = Student(
      backbone: backbone, configuration: sizes, method: .vildEnsemble,
      baseCategories: TinyStudent.base, embeddingWidth: 12, seed: 0)
    try golden.restore(student.parameters)
  }

  private func expected(_ name: String) throws -> Tensor { try golden.tensor("golden.\(name)") }

  private func boxes(_ name: String) throws -> [Box] {
    let edges = try expected(name).array
    return stride(from: 0, to: edges.count, by: 4).map {
      Box(x0: edges[$0], y0: edges[$0 + 1], x1: edges[$0 + 2], y1: edges[$0 + 3])
    }
  }

  private func examples() throws -> [AugmentedExample] {
    try (0..<2).map { i in
      let pixels = try expected("image.\(i)")
      let image = Image(
        width: pixels.shape[1], height: pixels.shape[0], pixels: pixels.array.map { UInt8($0) })
      var choices = TrainingConfiguration()
      choices.longSides = [max(image.width, image.height)]
      choices.flipProbability = 0
      var generator = SeededGenerator(seed: 0)
      let categories = try golden.integers("golden.categories.\(i)")
      return TrainingExample(
        image: image, objects: Array(zip(try boxes("objects.\(i)"), categories)),
        distilled: EmbeddedRegions(
          try boxes("distilled.\(i)").map { Region(box: $0, score: 1) },
          vectors: try expected("teacher.\(i)").array)
      ).augmented(
        choices, mean: [127, 127, 127], standardDeviation: [128, 128, 128], using: &generator)
    }
  }

  /// A pattern of waves, another for each object.
  private func maskTarget(
    _ image: Int, _ object: Int, _ region: Box, _ side: Int
  ) -> [Float]? {
    (0..<side * side).map { cell in
      let x = region.x0 + (Float(cell % side) + 0.5) / Float(side) * region.width
      let y = region.y0 + (Float(cell / side) + 0.5) / Float(side) * region.height
      return 0.5 + 0.5 * sin(0.2 * x + 0.1 * y + Float(object))
    }
  }

  /// In training: on a tape, normalised by the batch.
  @Test func everyIntermediateValue() throws {
    let examples = try examples()
    let pixels = DetectorInput.batch(examples.map(\.input))
    #expect(pixels.shape == [2, 64, 96, 3])
    let features = student.proposals.features(Tape().constant(pixels))
    for (map, level) in zip(features, 2...6) {
      let distance = map.value.distance(to: try expected("features.\(level)"))
      #expect(distance < 1e-5, "level \(level)")
    }
    let prediction = student.proposals.predict(features)
    #expect(prediction.objectness.value.distance(to: try expected("objectness")) < 1e-5)
    #expect(prediction.deltas.value.distance(to: try expected("deltas")) < 1e-5)
    let sampled = try (0..<2).map { try boxes("regions.\($0)") }
    let output = student.train(
      features, sampled: sampled, distilled: examples.map(\.distilled.regions.boxes),
      names: try expected("names"))
    let (logits, embeddings) = (try #require(output.logits), try #require(output.embeddings))
    #expect(logits.value.distance(to: try expected("logits")) < 1e-5)
    #expect(output.deltas.value.distance(to: try expected("region_deltas")) < 1e-5)
    #expect(embeddings.value.distance(to: try expected("embeddings")) < 1e-5)
    // Foreground stands first.
    let foreground = try (0..<2).map { try golden.integers("golden.foreground.\($0)")[0] }
    let masks = try #require(
      student.maskLogits(features, regions: zip(sampled, foreground).map { Array($0.prefix($1)) }))
    #expect(masks.value.distance(to: try expected("masks")) < 1e-5)
  }

  /// The first step's gradients and the running statistics it leaves, then every loss of ten steps.
  @Test func gradientsStatisticsAndTenStepsOfTraining() throws {
    let (examples, names) = (try examples(), try expected("names"))
    let losses = try expected("losses")
    let optimizer = SGD(student.parameters.filter(\.isTrained), momentum: 0.9, decay: 4e-5)
    for step in 0..<10 {
      var generator = SeededGenerator(seed: 0)
      let tape = Tape()
      let found = student.losses(
        examples, baseEmbeddings: names, maskTarget: maskTarget, tape: tape, using: &generator)
      let total = found.total(distillationWeight: 0.5)
      let got = found.values.map { Float($0.1) } + [total.value.scalar]
      #expect(got.count == 7)
      for (i, (got, expected)) in zip(got, losses.rows(step..<step + 1).array).enumerated() {
        #expect(abs(got - expected) <= 1e-4 * abs(expected), "step \(step), loss \(i)")
      }
      tape.backward(total)
      if step == 0 { try compareFirstStep() }
      optimizer.step(rate: 0.0003)
    }
  }

  private func compareFirstStep() throws {
    let trained = student.parameters.filter(\.isTrained)
    let statistics = student.parameters.filter { $0.name.contains("running") }
    #expect(trained.count + statistics.count == student.parameters.count)
    let names = Set(golden.names)
    #expect(
      names.filter { $0.hasPrefix("golden.gradient.") }
        == Set(trained.map { "golden.gradient.\($0.name)" }))
    #expect(
      names.filter { $0.hasPrefix("golden.after.") }
        == Set(statistics.map { "golden.after.\($0.name)" }))
    for parameter in trained {
      let gradient = try #require(parameter.gradient, "\(parameter.name)")
      let distance = gradient.distance(to: try expected("gradient.\(parameter.name)"))
      #expect(distance < 1e-4, "\(parameter.name)")
    }
    for parameter in statistics {
      let distance = parameter.value.distance(to: try expected("after.\(parameter.name)"))
      #expect(distance < 1e-5, "\(parameter.name)")
    }
  }

  /// Folded or not, a student without a tape is the same function, by its running statistics.
  @Test func foldingChangesNothing() throws {
    let input = try examples()[0].input
    let (plain, folded) = (student.detect(input, limit: 20), student.folded())
    let found = folded.detect(input, limit: 20)
    let boxes = found.regions.boxes
    #expect(boxes.distance(to: plain.regions.boxes) < 1e-2)
    let text = try #require(plain.description.text)
    #expect(try #require(found.description.text).distance(to: text) < 1e-4)
    let masks = try #require(folded.masks(boxes, in: found))
    #expect(masks.shape == [boxes.count, 6, 6])
    #expect(try masks.distance(to: #require(student.masks(boxes, in: plain))) < 1e-4)
  }
}
