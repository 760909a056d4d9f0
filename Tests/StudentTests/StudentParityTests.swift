import Distillation
import Images
import Regions
import Student
import Support
import Tensors
import Testing

/// Value by value, what PyTorch computes with the same weights and the same image.
@Suite struct StudentParityTests {
  let tiny: TinyStudent
  var student: Student { tiny.student }

  init() throws { tiny = try TinyStudent() }

  private var features: [Variable] { student.proposals.features(Variable(tiny.input.pixels)) }

  /// The image is 90 x 60, so padding is part of it.
  @Test(arguments: [false, true]) func everyLevelOfThePyramid(isFolded: Bool) throws {
    let network = isFolded ? student.folded().proposals : student.proposals
    let maps = network.features(Variable(tiny.input.pixels))
    #expect(maps.map { Array($0.shape[1...2]) } == [[8, 12], [4, 6], [2, 3], [1, 2]])
    for (map, level) in zip(maps, 3...6) {
      let distance = map.value.distance(to: try tiny.expected("features.\(level)"))
      #expect(distance < 1e-5, "level \(level)")
    }
  }

  @Test func anchorsLogitsAndDeltas() throws {
    let prediction = student.proposals.predict(features)
    #expect(prediction.levels == [0..<288, 288..<360, 360..<378, 378..<384])
    #expect(prediction.anchors.distance(to: try tiny.boxes("anchors")) < 1e-5)
    let (logits, deltas) = (try tiny.expected("objectness"), try tiny.expected("deltas"))
    #expect(prediction.objectness.value.reshaped([-1]).distance(to: logits) < 1e-5)
    #expect(prediction.deltas.value.reshaped([-1, 4]).distance(to: deltas) < 1e-5)
  }

  @Test func proposals() throws {
    let found = student.proposals.propose(
      student.proposals.predict(features), width: tiny.image.width, height: tiny.image.height,
      candidates: 60, nmsThreshold: 0.7, limit: 40)
    #expect(found.boxes.distance(to: try tiny.boxes("proposals")) < 1e-3)
    let expected = try tiny.expected("scores")
    #expect(Tensor([found.count], found.scores).distance(to: expected) < 1e-5)
  }

  @Test func embeddingsDeltasAndLogitsOfRegions() throws {
    let (boxes, base) = (try tiny.boxes("distilled"), try tiny.expected("base"))
    let sampled = student.train(features, sampled: [boxes], distilled: [[]], names: base)
    #expect(sampled.deltas.value.distance(to: try tiny.expected("region_deltas")) < 1e-5)
    let logits = try #require(sampled.logits)
    #expect(logits.value.distance(to: try tiny.expected("logits")) < 1e-5)
    let distilled = student.train(features, sampled: [[]], distilled: [boxes], names: base)
    let embeddings = try #require(distilled.embeddings)
    #expect(embeddings.value.distance(to: try tiny.expected("embeddings")) < 1e-5)
  }

  @Test func detections() throws {
    let found = student.folded().detect(tiny.input, limit: 40)
    #expect(found.regions.boxes.distance(to: try tiny.boxes("detect.boxes")) < 1e-3)
    let (scores, rows) = (
      try tiny.expected("detect.objectness"), try tiny.expected("detect.embeddings")
    )
    #expect(Tensor([scores.count], found.regions.scores).distance(to: scores) < 1e-5)
    let embeddings = try #require(found.description.text)
    #expect(embeddings.distance(to: rows) < 1e-4)
    let asked = AskedCategories(
      names: TinyStudent.base, embeddings: try tiny.expected("base"))
    let table = student.regions.scores(found.description, for: asked).table
    #expect(table.shape == [found.regions.count, 5])
  }

  /// The gradients of the first step, then each loss of five steps of clipped SGD.
  @Test func gradientsAndFiveStepsOfTraining() throws {
    let (base, example) = (try tiny.expected("base"), try tiny.example())
    let expected = try tiny.expected("losses")
    let optimizer = SGD(
      student.parameters.filter(\.isTrained), momentum: 0.9, decay: 4e-5, maximumNorm: 1)
    for step in 0..<5 {
      var generator = SeededGenerator(seed: 0)
      let tape = Tape()
      let losses = student.losses(
        [example], baseEmbeddings: base, tape: tape, using: &generator)
      let total = losses.total(distillationWeight: 0.5)
      let got = losses.values.map { Float($0.1) } + [total.value.scalar]
      for (got, expected) in zip(got, expected.rows(step..<step + 1).array) {
        #expect(abs(got - expected) <= 1e-4 * expected, "step \(step)")
      }
      tape.backward(total)
      if step == 0 { try compareGradients() }
      optimizer.step(rate: 0.01)
    }
  }

  private func compareGradients() throws {
    let names = tiny.golden.names.filter { $0.hasPrefix("golden.gradient.") }
    let trained = student.parameters.filter(\.isTrained)
    #expect(Set(names) == Set(trained.map { "golden.gradient.\($0.name)" }))
    for parameter in trained {
      let expected = try tiny.expected("gradient.\(parameter.name)")
      let gradient = try #require(parameter.gradient, "\(parameter.name)")
      #expect(gradient.distance(to: expected) < 1e-4, "\(parameter.name)")
    }
  }
}
