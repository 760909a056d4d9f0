import Images
import Regions
import Support
import Synchronization
import Teacher
import Tensors
import Testing

/// Embeds a crop as the mean red, green and blue of its pixels, times the tower's `gain`.
private final class MeanColor: Teacher {
  let width = 3
  let preprocessing = Preprocessing(
    size: 4, mean: .zero, standardDeviation: .one, filter: .bilinear)
  let templates = PromptTemplates.conse
  let crops = Atomic(0)

  func embedUnnormalized(pixels: Tensor) -> Tensor {
    crops.add(pixels.shape[0], ordering: .relaxed)
    return globalAveragePool(Variable(pixels)).value
  }

  func embed(names: [String], with templates: PromptTemplates) -> Tensor {
    Tensor(zeros: [names.count, width])
  }
}

@Suite struct RegionEmbedderTests {
  /// 12 x 8: the left 6 columns (30, 0, 0), the right 6 columns (0, 40, 0).
  private let image: Image = {
    var image = Image(width: 12, height: 8, filledWith: Color(30, 0, 0))
    for y in 0..<8 { for x in 6..<12 { image[x, y] = Color(0, 40, 0) } }
    return image
  }()
  private let left = Box(x0: 0, y0: 0, x1: 4, y1: 8)
  private let right = Box(x0: 8, y0: 0, x1: 12, y1: 8)

  /// Both crops of a region at the left, 1x and 1.5x, are red; at the right green.
  @Test func rowsAreTheRegionsInOrder() {
    let embedder = RegionEmbedder(teacher: MeanColor())
    let rows = embedder.embed(image, boxes: [left, right, left])
    #expect(rows.shape == [3, 3])
    #expect(rows.array == [1, 0, 0, 0, 1, 0, 1, 0, 0])
  }

  /// Of the left half, crops at 1x and 3x: the narrow one is (30, 0, 0); the wide one, the whole image, is
  /// (15, 20, 0), as a unit vector (0.6, 0.8, 0).
  /// unitSum: (1, 0) + (0.6, 0.8) = (1.6, 0.8), length sqrt 3.2.
  /// rawSum: (30, 0) + (15, 20) = (45, 20), length sqrt 2425.
  @Test(arguments: [
    (RegionEmbedder.Combination.unitSum, [1.6, 0.8] as [Float], 3.2 as Float),
    (.rawSum, [45, 20], 2425),
  ])
  func combinationsByHand(
    combination: RegionEmbedder.Combination, sum: [Float], squaredLength: Float
  ) {
    let embedder = RegionEmbedder(
      teacher: MeanColor(), rule: CropRule(factors: [1, 3]), combination: combination)
    let row = embedder.embed(image, boxes: [Box(x0: 0, y0: 0, x1: 6, y1: 8)]).array
    #expect(row.count == 3)
    for (got, wanted) in zip(row, sum) {
      #expect(abs(got - wanted / squaredLength.squareRoot()) < 1e-5)
    }
  }

  @Test func cropsOfTheSamePixelsAreEmbeddedOnce() {
    let teacher = MeanColor()
    let all = Box(x0: -3, y0: -3, x1: 20, y1: 20)
    let rows = RegionEmbedder(teacher: teacher).embed(image, boxes: [all, all, left])
    // The whole image at both sizes; the left one at 1x and at 1.5x.
    #expect(teacher.crops.load(ordering: .relaxed) == 3)
    #expect(rows.rows(0..<1).array == rows.rows(1..<2).array)
  }

  @Test func noRegionsGiveNoRows() {
    #expect(RegionEmbedder(teacher: MeanColor()).embed(image, boxes: []).shape == [0, 3])
  }
}

@Suite struct TextTowerTests {
  /// Tokens are the letters' codes; the embedding of a text is (first token, number of tokens).
  private struct Letters: TextTower {
    let width = 2
    let limit = 6
    func tokens(of text: String) -> [Int] { text.utf8.map { Int($0) - 96 } }
    func embed(tokens texts: [[Int]]) -> Tensor {
      #expect(Set(texts.map(\.count)).count == 1)
      return Tensor([texts.count, 2], texts.flatMap { [Float($0[0]), Float($0.count)] })
    }
  }

  /// Prompts "a" and "aaa" are (1, 1) and (1, 3): unit vectors (0.7071, 0.7071) and
  /// (0.3162, 0.9487), whose sum (1.0233, 1.6558) has length 1.9465.
  @Test func meanOfUnitVectorsByHand() throws {
    let rows = try Letters().embed(names: ["a"], with: PromptTemplates(["{}", "a{}a"])).array
    #expect(abs(rows[0] - 1.0233 / 1.9465) < 1e-4 && abs(rows[1] - 1.6558 / 1.9465) < 1e-4)
  }

  /// More texts than one batch, of several lengths, with repetitions.
  @Test func rowsAreTheNamesInOrder() throws {
    let names = (0..<200).map { String(repeating: ["a", "b", "c"][$0 % 3], count: 1 + $0 % 6) }
    let rows = try Letters().embed(names: names, with: PromptTemplates(["{}"])).array
    for (i, name) in names.enumerated() {
      let (x, y) = (Float(name.utf8.first!) - 96, Float(name.count))
      #expect(abs(rows[2 * i] - x / (x * x + y * y).squareRoot()) < 1e-6)
    }
  }

  @Test func aNameThatDoesNotFitIsNamedNotCut() throws {
    let templates = try PromptTemplates(["{}", "a{}"])
    #expect(try Letters().embed(names: ["abcde"], with: templates).shape == [1, 2])
    let error = #expect(throws: InputError.self) {
      try Letters().embed(names: ["a", "abcdef"], with: templates)
    }
    #expect(error?.what.contains("'abcdef'") == true)
    #expect(error?.expected == "at most 6 tokens in a prompt" && error?.got == "7")
  }
}

@Suite struct PreprocessingTests {
  @Test func cropsBecomeNormalisedPixels() {
    let preprocessing = Preprocessing(
      size: 2, mean: [10, 20, 30], standardDeviation: [2, 4, 8])
    let image = Image(width: 5, height: 3, filledWith: Color(12, 12, 38))
    let pixels = preprocessing.pixels(
      of: [PixelRect(x0: 0, y0: 0, x1: 5, y1: 3), PixelRect(x0: 4, y0: 2, x1: 5, y1: 3)],
      in: image)
    #expect(pixels.shape == [2, 2, 2, 3])
    #expect(pixels.array == (0..<8).flatMap { _ in [1, -2, 1] as [Float] })
  }
}
