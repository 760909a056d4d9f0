import Foundation
import Networks
import Regions
import Student
import Support
import Tensors
import Testing

@Suite struct MethodTests {
  static func student(_ method: Method) throws -> Student {
    var sizes = StudentConfiguration()
    sizes.pyramid.channels = 4
    sizes.pyramid.finestLevel = 4
    sizes.regions.convolutions = 0
    sizes.regions.fullyConnected = [8]
    sizes.regions.temperature = 1
    sizes.masks.enabled = false
    let backbone = try ResNet.load(
      ResNetConfiguration(stem: 4, blocks: [1, 1, 1, 1], width: 2), from: NewTensors(seed: 0))
    return Student(
      backbone: backbone, configuration: sizes, method: method, baseCategories: ["cat", "dog"],
      embeddingWidth: 2, seed: 1)
  }

  /// A student whose background embedding is the second unit vector.
  private func scores(
    _ method: Method, _ regions: RegionDescription, shares: [Float] = [0.5, 0.5]
  ) throws -> [Float] {
    let student = try Self.student(method)
    for parameter in student.parameters where parameter.name == "text.background" {
      parameter.value = Tensor([1, 2], [0, 3])
    }
    let asked = AskedCategories(
      names: ["cat", "dog"], embeddings: Tensor([2, 2], [1, 0, -1, 0]), textShares: shares)
    return student.regions.scores(regions, for: asked).table.array
  }

  private func expectClose(_ got: [Float], _ expected: [Double]) {
    #expect(got.count == expected.count)
    for (a, b) in zip(got, expected) { #expect(abs(Double(a) - b) < 1e-6, "\(a), not \(b)") }
  }

  /// By hand, for a region that points where the first name does: the cosines with background and
  /// the names are 0, 1 and -1, so p_text = (e, 1/e) / (1 + e + 1/e); the image head's region
  /// points the other way, so p_image = (1/e, e) / (e + 1/e).
  @Test func scoresWorkedByHand() throws {
    let e = exp(1.0)
    let (first, second) = (Tensor([1, 2], [1, 0]), Tensor([1, 2], [-1, 0]))
    let text = [e, 1 / e].map { $0 / (1 + e + 1 / e) }
    let image = [1 / e, e].map { $0 / (e + 1 / e) }
    expectClose(try scores(.vildText, RegionDescription(text: first)), text)
    expectClose(try scores(.vild, RegionDescription(text: first)), text)
    expectClose(try scores(.vildImage, RegionDescription(image: second)), image)
    let both = RegionDescription(text: first, image: second)
    // A base category, (p_text^2 p_image)^(1/3), and a novel one, (p_text p_image^2)^(1/3).
    expectClose(
      try scores(.vildEnsemble, both, shares: [TextShare.base, TextShare.novel]),
      [cbrt(text[0] * text[0] * image[0]), cbrt(text[1] * image[1] * image[1])])
    expectClose(
      try scores(.vildEnsemble, both, shares: [TextShare.unknown, 1]),
      [(text[0] * image[0]).squareRoot(), text[1]])
    // Background 0, categories log 2 and log 5: eighths.
    expectClose(
      try scores(
        .supervised, RegionDescription(logits: Tensor([1, 3], [0, log(2), log(5)]))),
      [0.25, 0.625])
  }

  /// By hand as above: the teacher's embeddings in the place of an ensemble's image head, and alone.
  @Test func theTeacherOnCropsWorkedByHand() throws {
    let e = exp(1.0)
    let (first, second) = (Tensor([1, 2], [1, 0]), Tensor([1, 2], [-1, 0]))
    let text = [e, 1 / e].map { $0 / (1 + e + 1 / e) }
    let image = [1 / e, e].map { $0 / (e + 1 / e) }
    let both = RegionDescription(text: first, image: second)
    expectClose(
      try scores(.vildText, both, shares: [TextShare.base, TextShare.novel]),
      [cbrt(text[0] * text[0] * image[0]), cbrt(text[1] * image[1] * image[1])])
    let asked = AskedCategories(
      names: ["cat", "dog"], embeddings: Tensor([2, 2], [1, 0, -1, 0]))
    let box = Box(x0: 0, y0: 0, x1: 1, y1: 1)
    let regions = EmbeddedRegions(
      [Region(box: box, score: 0.25), Region(box: box, score: 1)],
      vectors: first.array + second.array)
    func alone(_ usesObjectness: Bool) -> [Float] {
      RegionScores(
        teacher: Tensor(embeddingsOf: [regions], width: 2),
        objectness: usesObjectness ? regions.regions.scores : nil, for: asked, temperature: 1
      ).table.array
    }
    expectClose(alone(false), [image[1], image[0], image[0], image[1]])
    expectClose(
      alone(true), [image[1] / 4, image[0] / 4, image[0], image[1]].map { $0.squareRoot() })
    let none = RegionScores(
      teacher: Tensor([0, 2], []), objectness: [], for: asked, temperature: 1)
    #expect(none.table.shape == [0, 2])
  }

  /// The categories of a closed vocabulary are known by name: in another order, with others among
  /// them, which score nothing, and some left out. By hand as above, in eighths.
  @Test func aClosedVocabularyIsAskedByName() throws {
    let student = try Self.student(.supervised)
    let regions = RegionDescription(logits: Tensor([1, 3], [0, log(2), log(5)]))
    for (names, expected) in [
      (["dog", "cat"], [0.625, 0.25]), (["bird", "dog", "Cat"], [0, 0.625, 0]),
      (["dog", "bird", "cat", "dog"], [0.625, 0, 0.25, 0.625]), ([], []),
    ] {
      let asked = AskedCategories(names: names, embeddings: Tensor(zeros: [names.count, 2]))
      let scores = student.regions.scores(regions, for: asked)
      expectClose(scores.table.array, expected)
      // A tile at a time as well.
      let tiles = names.indices.flatMap { scores($0..<$0 + 1).array }
      #expect(tiles == scores.table.array)
    }
  }

  /// What each method learns from, and that an ensemble's heads have no parameter in common.
  @Test(arguments: Method.allCases) func whatIsTrained(_ method: Method) throws {
    let student = try Self.student(method)
    let parameters = student.regions.parameters.map(\.name)
    #expect(Set(parameters).count == parameters.count)
    #expect(
      parameters.contains("text.background") == [.vildText, .vild, .vildEnsemble].contains(method))
    #expect(parameters.contains("image.projection.weight") == (method == .vildEnsemble))
    #expect(parameters.contains("regions.categories.weight") == (method == .supervised))
    let regions = Tape().constant(.normal([5, 7, 7, 4], seed: 3))
    let output = student.regions.train(
      regions, sampled: 3, names: Tensor([2, 2], [1, 0, -1, 0]))
    #expect(output.deltas.shape == [3, 4])
    #expect(output.logits?.shape == (method == .vildImage ? nil : [3, 3]))
    #expect(output.embeddings?.shape == (method.distils ? [2, 2] : nil))
  }

  /// The running statistics of a norm, by hand: a channel of 1, 2, 3 and 6 has mean 3 and unbiased
  /// variance 14/3; a step leaves 0.997 of what was.
  @Test func runningStatisticsByHand() {
    let norm = BatchNorm("n", channels: 1, epsilon: 1e-4, momentum: 0.997)
    let x = Tensor([4, 1], [1, 2, 3, 6])
    let y = norm(Tape().constant(x)).value.array
    #expect(abs(norm.mean.value.scalar - 0.003 * 3) < 1e-7)
    #expect(abs(norm.variance.value.scalar - (0.997 + 0.003 * 14 / 3)) < 1e-6)
    #expect(abs(y[3] - 3 / (3.5 + 1e-4).squareRoot()) < 1e-5)
    // Without a tape nothing moves, and an empty batch says nothing.
    let before = norm.mean.value.scalar
    _ = norm(Variable(x))
    _ = norm(Tape().constant(Tensor(zeros: [0, 1])))
    #expect(norm.mean.value.scalar == before)
  }
}

extension Tensor {
  fileprivate static func normal(_ shape: [Int], seed: UInt64) -> Tensor {
    var generator = SeededGenerator(seed: seed)
    return normal(shape, standardDeviation: 1, using: &generator)
  }
}
