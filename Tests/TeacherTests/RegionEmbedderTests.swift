import Images
import Regions
import Synchronization
import Teacher
import Tensors
import Testing

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
    let regions = [left, right, left].enumerated().map { Region(box: $1, score: Float($0) / 4) }
    let rows = embedder.embed(image, regions)
    #expect(rows == EmbeddedRegions(regions, vectors: [1, 0, 0, 0, 1, 0, 1, 0, 0]))
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
    let half = Region(box: Box(x0: 0, y0: 0, x1: 6, y1: 8), score: 1)
    let row = embedder.embed(image, [half]).vectors
    #expect(row.count == 3)
    for (got, wanted) in zip(row, sum) {
      #expect(abs(got - wanted / squaredLength.squareRoot()) < 1e-5)
    }
  }

  @Test func cropsOfTheSamePixelsAreEmbeddedOnce() {
    let teacher = MeanColor()
    let all = Box(x0: -3, y0: -3, x1: 20, y1: 20)
    let rows = RegionEmbedder(teacher: teacher).embed(
      image, [all, all, left].map { Region(box: $0, score: 1) })
    // The whole image at both sizes; the left one at 1x and at 1.5x.
    #expect(teacher.batches.withLock { $0 } == [1, 1, 1])
    #expect(rows.vector(at: 0) == rows.vector(at: 1))
  }

  /// 100 different crops of pixels in batches of 8: a last batch of 4.
  @Test func batchesAreFull() {
    let teacher = MeanColor(cropsPerBatch: 8)
    let regions = (0..<100).map { i -> Region in
      let (x, y) = (Float(i % 12), Float(i / 12))
      return Region(box: Box(x0: x - 1, y0: y - 1, x1: x + 1, y1: y + 1), score: 1)
    }
    let rule = CropRule(factors: [1], border: .padBlack)
    _ = RegionEmbedder(teacher: teacher, rule: rule).embed(image, regions)
    #expect(teacher.batches.withLock { $0 }.sorted() == [4] + Array(repeating: 8, count: 12))
  }

  @Test func noRegionsGiveNoRows() {
    #expect(RegionEmbedder(teacher: MeanColor()).embed(image, []) == EmbeddedRegions())
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

  /// A crop of 2 x 2 pixels whose upper right one is the whole image: black, (0 - mean) / deviation,
  /// around it.
  @Test func outsideTheImageIsBlackBeforeNormalisation() {
    let preprocessing = Preprocessing(
      size: 2, mean: [10, 20, 30], standardDeviation: [2, 4, 8])
    let image = Image(width: 1, height: 1, filledWith: Color(12, 12, 38))
    let pixels = preprocessing.pixels(of: [PixelRect(x0: -1, y0: 0, x1: 1, y1: 2)], in: image)
    let black: [Float] = [-5, -5, -3.75]
    #expect(pixels.array == black + [1, -2, 1] + black + black)
  }
}
