import Regions
import Support
import Testing

@Suite struct EmbeddedRegionsTests {
  private let a = Region(box: Box(x0: 0, y0: 0, x1: 4, y1: 4), score: 0.75)
  private let b = Region(box: Box(x0: 1, y0: 2, x1: 3, y1: 9), score: 0.5)
  private let c = Region(box: Box(x0: 5, y0: 5, x1: 6, y1: 8), score: 0.25)
  private var three: EmbeddedRegions { EmbeddedRegions([a, b, c], vectors: [1, 2, 3, 4, 5, 6]) }

  private func shifted(_ region: Region) -> Region {
    Region(box: region.box.translated(x: 10, y: 0), score: region.score)
  }

  @Test func rowsChosenByHand() {
    #expect(three.count == 3 && three.width == 2 && !three.isEmpty)
    #expect(Array(three.vector(at: 1)) == [3, 4])
    #expect(three.choosing([2, 0]) == EmbeddedRegions([c, a], vectors: [5, 6, 1, 2]))
    #expect(three.choosing([1, 1]) == EmbeddedRegions([b, b], vectors: [3, 4, 3, 4]))
    #expect(three.choosing([0, 1, 2]) == three)
    #expect(three.choosing([]) == EmbeddedRegions())
    #expect(EmbeddedRegions().isEmpty && EmbeddedRegions().width == 0)
  }

  /// The second is lost: what stood third is second, with its own score and vector.
  @Test func movedByHand() {
    var generator = SeededGenerator(seed: 1)
    let lost = b.box
    let (kept, count) = three.moved(using: &generator) {
      $0 == lost ? nil : $0.translated(x: 10, y: 0)
    }
    #expect(kept == EmbeddedRegions([shifted(a), shifted(c)], vectors: [1, 2, 5, 6]))
    #expect(count == 1)
    let nothing = three.moved(using: &generator) { _ in nil }
    #expect(nothing.kept == EmbeddedRegions() && nothing.lost == 3)
  }

  /// Nothing is drawn where all that are left may stay.
  @Test func chanceIsAskedOnlyBeyondTheLimit() {
    for (limit, isAsked) in [(3, false), (2, true)] {
      var (generator, untouched) = (SeededGenerator(seed: 7), SeededGenerator(seed: 7))
      let kept = three.moved(atMost: limit, using: &generator) { $0 }.kept
      #expect(kept.count == limit)
      #expect((generator.next() != untouched.next()) == isAsked)
    }
  }

  /// Of forty regions whose left edge, score and vector all tell their number, those of odd numbers
  /// are lost and at most seven kept: in order, no two the same, over many seeds each at some time.
  @Test func boxScoreAndVectorStayTogether() {
    let all = EmbeddedRegions(
      (0..<40).map {
        Region(box: Box(x0: Float($0), y0: 0, x1: Float($0 + 9), y1: 9), score: Float($0) / 64)
      }, vectors: (0..<40).flatMap { [Float($0), Float(-$0), 0.5] })
    var seen = Set<Int>()
    for seed in 0..<100 as Range<UInt64> {
      var generator = SeededGenerator(seed: seed)
      let (kept, lost) = all.moved(atMost: 7, using: &generator) {
        Int($0.x0) % 2 == 1 ? nil : $0.translated(x: 100, y: 3)
      }
      #expect(kept.count == 7 && lost == 20 && kept.width == 3)
      let numbers = kept.regions.map { Int($0.box.x0) - 100 }
      #expect(numbers == Set(numbers).sorted())
      for (row, number) in numbers.enumerated() {
        #expect(number % 2 == 0 && kept.regions[row].score == Float(number) / 64)
        #expect(kept.regions[row].box.y0 == 3)
        #expect(Array(kept.vector(at: row)) == [Float(number), Float(-number), 0.5])
      }
      seen.formUnion(numbers)
    }
    #expect(seen.count == 20)
  }

  @Test func oneNumberThatIsNotFiniteIsFound() {
    #expect(three.isFinite && EmbeddedRegions().isFinite)
    for bad in [Float.nan, .infinity, -.infinity] {
      #expect(!EmbeddedRegions([a, b, c], vectors: [1, 2, 3, 4, bad, 6]).isFinite)
    }
  }

  /// Vectors that are not one per region are refused where they would be joined.
  @Test func aVectorTooManyEndsTheProgram() async {
    await #expect(processExitsWith: .failure) {
      let region = Region(box: Box(x0: 0, y0: 0, x1: 4, y1: 4), score: 1)
      _ = EmbeddedRegions([region, region], vectors: [1, 2, 3])
    }
    await #expect(processExitsWith: .failure) { _ = EmbeddedRegions([], vectors: [1]) }
    await #expect(processExitsWith: .failure) {
      _ = [Region](boxes: [Box(x0: 0, y0: 0, x1: 4, y1: 4)], scores: [1, 0.5])
    }
  }
}

@Suite struct RegionTests {
  @Test func columnsAreJoinedInOrder() {
    let boxes = [Box(x0: 0, y0: 0, x1: 4, y1: 4), Box(x0: 1, y0: 2, x1: 3, y1: 9)]
    let regions = [Region](boxes: boxes, scores: [0.25, 0.5])
    #expect(
      regions == [Region(box: boxes[0], score: 0.25), Region(box: boxes[1], score: 0.5)])
    #expect(regions.boxes == boxes && regions.scores == [0.25, 0.5])
  }

  /// Two boxes of 10 x 10 pixels, 8 of them in both: an IoU of 80 / 120. The better one is second.
  @Test func theBetterOfTwoThatOverlapStays() {
    let worse = Region(box: Box(x0: 0, y0: 0, x1: 10, y1: 10), score: 0.5)
    let better = Region(box: Box(x0: 2, y0: 0, x1: 12, y1: 10), score: 0.75)
    let apart = Region(box: Box(x0: 40, y0: 0, x1: 50, y1: 10), score: 0.25)
    let all = [worse, better, apart]
    #expect(all.suppressed(iouThreshold: 0.6) == [better, apart])
    #expect(all.suppressed(iouThreshold: 0.7) == [better, worse, apart])
    #expect(all.suppressed(iouThreshold: 0.7, limit: 2) == [better, worse])
    #expect([Region]().suppressed(iouThreshold: 0.7).isEmpty)
  }
}
