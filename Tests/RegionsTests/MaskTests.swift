import Foundation
import Regions
import Support
import TestSupport
import Testing

/// What pycocotools gave: `Goldens/make_masks.py`.
@Suite struct MaskGoldenTests {
  struct Cases: Decodable {
    struct Outline: Decodable {
      var height, width: Int
      var polygons: [[Double]]
      var compressed: String
      var area: Int
      var box: [Int]
    }
    struct Overlap: Decodable {
      var height, width: Int
      var masks: [String]
      var iou, crowd: Double
      var union, intersection, flipped: String
    }
    struct Target: Decodable {
      var height, width: Int
      var compressed: String
      var size: Int
      var region: [Float]
      var target: [Float]
    }
    var outlines: [Outline]
    var overlaps: [Overlap]
    var targets: [Target]
  }

  let cases: Cases

  init() throws {
    let data = try Data(contentsOf: URL(filePath: fixture("Goldens/masks.json")))
    cases = try JSONDecoder().decode(Cases.self, from: data)
  }

  @Test func polygonsHaveThePixelsOfPycocotools() {
    for golden in cases.outlines {
      let mask = Mask(width: golden.width, height: golden.height, polygons: golden.polygons)
      #expect(mask.compressed == golden.compressed, "\(golden.polygons)")
      #expect(mask.area == golden.area)
      let box = mask.bounds.map { [$0.x0, $0.y0, $0.width, $0.height] } ?? [0, 0, 0, 0]
      #expect(box == golden.box)
    }
  }

  @Test func compressedRunsComeBack() throws {
    for golden in cases.outlines {
      let (width, height) = (golden.width, golden.height)
      let mask = try Mask(width: width, height: height, compressed: golden.compressed)
      #expect(mask == Mask(width: width, height: height, polygons: golden.polygons))
      #expect(try Mask(width: width, height: height, counts: mask.runs.map(Int.init)) == mask)
    }
  }

  @Test func overlapsAreThoseOfPycocotools() throws {
    for golden in cases.overlaps {
      let masks = try golden.masks.map {
        try Mask(width: golden.width, height: golden.height, compressed: $0)
      }
      #expect(masks[0].iou(masks[1]) == golden.iou)
      #expect(masks[0].iou(masks[1], isCrowd: true) == golden.crowd)
      #expect(masks[0].union(masks[1]).compressed == golden.union)
      #expect(masks[0].intersection(masks[1]).compressed == golden.intersection)
      #expect(masks[0].flippedHorizontally().compressed == golden.flipped)
    }
  }

  @Test func targetsAreThoseOfRoIAlign() throws {
    for golden in cases.targets {
      let mask = try Mask(
        width: golden.width, height: golden.height, compressed: golden.compressed)
      let target = mask.target(in: Box(golden.region), size: golden.size)
      #expect(target.count == golden.target.count)
      let worst = zip(target, golden.target).map { abs($0 - $1) }.max()!
      #expect(worst < 1e-5, "\(golden.region)")
    }
  }
}

@Suite struct MaskTests {
  /// ```
  /// . # # .
  /// . # . .
  /// . # . #
  /// ```
  private let mask = Mask(
    width: 4, height: 3, within: PixelRect(x0: 0, y0: 0, x1: 4, y1: 3),
    where: { x, y in x == 1 || (x, y) == (2, 0) || (x, y) == (3, 2) })

  @Test func runsGoDownTheColumns() {
    #expect(mask.runs == [3, 4, 4, 1])
    #expect(mask.area == 5 && mask.bounds == PixelRect(x0: 1, y0: 0, x1: 4, y1: 3))
    #expect(mask.contains(x: 2, y: 0) && !mask.contains(x: 2, y: 1))
    #expect(mask.flippedHorizontally().runs == [2, 2, 2, 3, 3])
  }

  @Test func clippingKeepsTheFrame() {
    let clipped = mask.clipped(to: PixelRect(x0: 1, y0: 1, x1: 3, y1: 9))
    #expect(clipped.runs == [4, 2, 6])
    #expect(mask.clipped(to: PixelRect(x0: 0, y0: 0, x1: 1, y1: 3)).isEmpty)
  }

  @Test func nothingAndEverything() {
    let (none, all) = (
      Mask(width: 3, height: 2),
      Mask(width: 3, height: 2, polygons: [[-9, -9, 9, -9, 9, 9, -9, 9]])
    )
    #expect(none.runs == [6] && none.isEmpty && none.bounds == nil && none.area == 0)
    #expect(all.runs == [0, 6] && all.area == 6)
    #expect(none.iou(none) == 0 && all.iou(all) == 1 && none.iou(all) == 0)
    #expect(none.flippedHorizontally() == none && all.flippedHorizontally() == all)
    #expect(all.target(in: Box(x0: 0, y0: 0, x1: 3, y1: 2), size: 2) == [1, 1, 1, 1])
    #expect(Mask(width: 3, height: 2, polygons: []) == none)
  }

  @Test func emptyRunsJoinTheirNeighbours() throws {
    let mask = try Mask(width: 2, height: 3, counts: [0, 0, 1, 2, 0, 1, 2, 0])
    #expect(mask.runs == [1, 3, 2])
  }

  @Test(arguments: [[7], [3, 2], [-1, 7], [1, 2, Int.max], []])
  func runsThatDoNotFitAreRefused(counts: [Int]) {
    let error = #expect(throws: InputError.self) {
      try Mask(width: 2, height: 3, counts: counts)
    }
    #expect(error?.expected == "6 pixels in all")
  }

  /// A pixel in the middle of a 100,000 x 40,000 image takes three numbers.
  @Test func memoryFollowsTheOutline() {
    let mask = Mask(
      width: 100_000, height: 40_000,
      polygons: [[50_000, 20_000, 50_001, 20_000, 50_001, 20_001, 50_000, 20_001]])
    #expect(mask.runs.count == 3 && mask.area == 1)
    let region = Box(x0: 50_000, y0: 20_000, x1: 50_001, y1: 20_001)
    #expect(mask.target(in: region, size: 1) == [1])
  }

  @Test(arguments: ["6O", "~", "o", "", "ooooooooooooooooooo", "\u{e9}", "6\n"])
  func damagedCompressedRunsAreRefused(text: String) {
    #expect(throws: InputError.self) { try Mask(width: 2, height: 3, compressed: text) }
  }

  /// Cells as large as pixels, whose centres they meet: each pixel is its cell. At twice the size,
  /// and half a pixel off, the weights decide.
  @Test func pastingWorkedByHand() {
    func rows(_ mask: Mask) -> [String] {
      (0..<mask.height).map { y in
        (0..<mask.width).map { mask.contains(x: $0, y: y) ? "#" : "." }.joined()
      }
    }
    let corner: [Float] = [1, 1, 1, 0.49]
    let small = Mask(
      width: 4, height: 3, pasting: corner, side: 2, in: Box(x0: 1, y0: 1, x1: 3, y1: 3))
    #expect(rows(small) == ["....", ".##.", ".#.."])
    // Along the lower cells 0.75, 0.8725, 0.6175, 0.3675, along the upper 0.75, 1, 1, 0.75; the third
    // row takes a quarter of the upper, the last three quarters of the lower.
    let large = Mask(
      width: 4, height: 4, pasting: corner, side: 2, in: Box(x0: 0, y0: 0, x1: 4, y1: 4))
    #expect(rows(large) == ["####", "####", "###.", "##.."])
    // 0.5 of the first cell at the left edge, all between the two, 0.5 at the right.
    let shifted = Mask(
      width: 4, height: 1, pasting: [1, 1, 1, 1], side: 2, in: Box(x0: 0.5, y0: 0, x1: 2.5, y1: 1))
    #expect(rows(shifted) == ["###."])
    for box in [Box(x0: 1, y0: 1, x1: 1, y1: 2), Box(x0: .nan, y0: 0, x1: 1, y1: 1)] {
      #expect(Mask(width: 2, height: 2, pasting: [1], side: 1, in: box).isEmpty)
    }
    let outside = Box(x0: -9, y0: -9, x1: -1, y1: -1)
    #expect(Mask(width: 2, height: 2, pasting: [1], side: 1, in: outside).isEmpty)
  }

  @Test func aMaskWithoutASizeIsRefused() {
    for (width, height) in [(0, 3), (3, -1), (1 << 20, 1 << 20), (Int.max, Int.max)] {
      #expect(throws: InputError.self) { try Mask(width: width, height: height, counts: []) }
    }
  }
}
