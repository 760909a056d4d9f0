import Regions
import Support
import Testing

@Suite struct MaskOutlineTests {
  private func mask(_ rows: String...) -> Mask {
    let pixels = rows.map { Array($0) }
    let rect = PixelRect(x0: 0, y0: 0, x1: pixels[0].count, y1: pixels.count)
    return Mask(width: rect.x1, height: rect.y1, within: rect) { pixels[$1][$0] == "#" }
  }

  @Test func oneCornerAtEachTurn() {
    #expect(mask("....", ".##.", ".#..").outlines == [[1, 1, 3, 1, 3, 2, 2, 2, 2, 3, 1, 3]])
    #expect(mask("##", "##").polygons == [[0, 0, 2, 0, 2, 2, 0, 2]])
    #expect(mask("..", "..").outlines == [] && mask("..").joinedOutline == [])
  }

  @Test func pixelsThatTouchAtACornerAreApart() {
    let outlines = [[0, 0, 1, 0, 1, 1, 0, 1], [1, 1, 2, 1, 2, 2, 1, 2]]
    #expect(mask("#.", ".#").outlines == outlines)
    #expect(mask("#.", ".#").polygons == outlines)
    #expect(
      mask("#.", ".#").joinedOutline == [
        0, 0, 1, 0, 1, 1, 0, 1, 0, 0, 1, 1, 2, 1, 2, 2, 1, 2, 1, 1, 0, 0,
      ])
  }

  @Test func aHoleIsGoneAroundTheOtherWay() {
    let ring = mask("###", "#.#", "###")
    let (outer, hole) = ([0, 0, 3, 0, 3, 3, 0, 3], [1, 2, 2, 2, 2, 1, 1, 1])
    // The hole's lowest edge is the first that goes to the right.
    #expect(Set(ring.outlines) == [outer, hole])
    #expect(ring.polygons.count == 1)
    #expect(Mask(width: 3, height: 3, polygons: ring.polygons.map { $0.map(Double.init) }) == ring)
  }

  /// As pycocotools draws polygons, which `Mask(width:height:polygons:)` is tested to equal.
  @Test func polygonsGiveTheMaskBack() {
    var generator = SeededGenerator(seed: 7)
    for round in 0..<400 {
      let (width, height) = (Int.random(in: 1...24, using: &generator), 1 + round % 17)
      let share = [0.1, 0.5, 0.8, 0.97][round % 4]
      let rect = PixelRect(x0: 0, y0: 0, x1: width, y1: height)
      var pixels: [Bool] = []
      for _ in 0..<width * height {
        pixels.append(Double.random(in: 0..<1, using: &generator) < share)
      }
      let mask = Mask(width: width, height: height, within: rect) { pixels[$1 * width + $0] }
      for polygons in [mask.polygons, [mask.joinedOutline].filter { !$0.isEmpty }] {
        let again = Mask(
          width: width, height: height, polygons: polygons.map { $0.map(Double.init) })
        #expect(again == mask, "\(width) x \(height), round \(round)")
      }
    }
  }
}
