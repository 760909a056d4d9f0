import Distillation
import Images
import Networks
import Regions
import Student
import Support
import Tensors
import Testing

/// A student that starts from nothing, with batch norms everywhere, learns.
@Suite struct ScratchTests {
  /// Red and green squares on grey: where they are, and which is which, also afterwards by the running
  /// statistics.
  @Test func redAndGreenSquares() throws {
    var sizes = StudentConfiguration()
    sizes.backbone.family = .resNet18
    sizes.backbone.width = 16
    sizes.normalization.momentum = 0.9
    sizes.pyramid.channels = 32
    sizes.pyramid.finestLevel = 3
    sizes.pyramid.coarsestLevel = 5
    sizes.proposals.convolutions = 1
    sizes.proposals.anchorScale = 3
    sizes.proposals.trainingKept = 60
    sizes.proposals.sampledAnchors = 32
    sizes.regions.canonicalSize = 64
    sizes.regions.convolutions = 0
    sizes.regions.fullyConnected = [64]
    sizes.regions.sampledRegions = 32
    sizes.masks.enabled = false
    let student = Student(
      backbone: try sizes.backboneNetwork(from: NewTensors(seed: 1)), configuration: sizes,
      method: .vildText, baseCategories: ["cat", "dog"], embeddingWidth: 8, seed: 1)
    let names = Tensor([2, 8], [1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0])
    let optimizer = SGD(
      student.parameters.filter(\.isTrained), momentum: 0.9, decay: 4e-5, maximumNorm: 10)
    var generator = SeededGenerator(seed: 3)
    var (first, last) = ([Double](), [Double]())
    let steps = 80
    for step in 0..<steps {
      let examples = (0..<4).map { _ in scene(student, using: &generator) }
      let tape = Tape()
      let losses = student.losses(
        examples, baseEmbeddings: names, tape: tape, using: &generator)
      tape.backward(losses.total(distillationWeight: 0))
      optimizer.step(rate: min(0.02, 0.002 * Float(step + 1)))
      let (objectness, text) = (losses.objectness.value.scalar, losses.text!.value.scalar)
      if step < 5 { first.append(Double(objectness + text)) }
      if step >= steps - 5 { last.append(Double(objectness + text)) }
    }
    let (before, after) = (first.reduce(0, +), last.reduce(0, +))
    #expect(after < 0.5 * before, "\(before / 5) before, \(after / 5) after")

    let folded = student.folded()
    let asked = AskedCategories(names: ["cat", "dog"], embeddings: names)
    var right = 0
    for _ in 0..<10 {
      let example = scene(student, using: &generator)
      let found = folded.detect(example.input, limit: 20)
      let table = folded.regions.scores(found.description, for: asked).table
      let best = table.withElements { scores in scores.indices.max { scores[$0] < scores[$1] }! }
      let (box, category) = (found.regions[best / 2].box, best % 2)
      right +=
        zip(example.objects, example.categories).contains { object, truth in
          truth == category && box.iou(object) > 0.5
        } ? 1 : 0
    }
    #expect(right >= 7, "\(right) of 10")
  }

  /// Two squares of 20 to 36 pixels in an image of 96 x 96.
  private func scene(
    _ student: Student, using generator: inout SeededGenerator
  ) -> AugmentedExample {
    var image = Image(width: 96, height: 96, filledWith: Color(120, 125, 130))
    let objects = [0, 1].map { half -> (box: Box, category: Int) in
      let side = 20 + Int(generator.next() % 17)
      let x = 48 * half + Int(generator.next() % UInt64(48 - side))
      let y = Int(generator.next() % UInt64(96 - side))
      let category = Int(generator.next() % 2)
      image.fill(
        PixelRect(x0: x, y0: y, x1: x + side, y1: y + side),
        color: category == 0 ? Color(220, 30, 30) : Color(30, 200, 40))
      return (
        Box(x0: Float(x), y0: Float(y), x1: Float(x + side), y1: Float(y + side)), category
      )
    }
    var choices = TrainingConfiguration()
    choices.longSides = [96]
    choices.flipProbability = 0
    return TrainingExample(image: image, objects: objects).augmented(
      choices, mean: student.pixels.mean, standardDeviation: student.pixels.standardDeviation,
      using: &generator)
  }
}
