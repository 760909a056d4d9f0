import Regions
import Reporting
import Support
import Testing

@Suite struct LabelPlacerTests {
  private func rect(_ x: Int, _ y: Int, _ width: Int, _ height: Int) -> PixelRect {
    PixelRect(x0: x, y0: y, x1: x + width, y1: y + height)
  }

  /// Five labels of one box: above, inside at the top, below, further down, and at the right of the
  /// first; the sixth, of a small box, finds nothing.
  @Test func theOrderOfPlaces() {
    var placer = LabelPlacer(width: 100, height: 100)
    let box = rect(20, 30, 50, 25)
    let places = (0..<5).map { _ in placer.place(width: 40, height: 10, for: box) }
    #expect(
      places == [
        rect(20, 20, 40, 10), rect(20, 30, 40, 10), rect(20, 55, 40, 10), rect(20, 40, 40, 10), nil,
      ])
    // Narrower, it has room beside the first.
    #expect(placer.place(width: 10, height: 10, for: box) == rect(60, 20, 10, 10))
  }

  @Test func labelsStayInsideThePicture() {
    var placer = LabelPlacer(width: 100, height: 60)
    // At the top edge there is no room above; at the right edge it is moved to the left.
    #expect(placer.place(width: 40, height: 10, for: rect(80, 0, 20, 30)) == rect(60, 0, 40, 10))
    // Narrower than its label, and at the bottom.
    #expect(placer.place(width: 40, height: 10, for: rect(10, 50, 5, 10)) == rect(10, 40, 40, 10))
    #expect(placer.place(width: 101, height: 10, for: rect(0, 0, 100, 60)) == nil)
    #expect(placer.place(width: 10, height: 61, for: rect(0, 0, 100, 60)) == nil)
  }

  @Test func reservedPlacesAreFree() {
    var placer = LabelPlacer(width: 100, height: 60)
    #expect(placer.reserve(rect(0, 50, 30, 10)) == true)
    #expect(!placer.reserve(rect(29, 59, 10, 1)) && !placer.reserve(rect(90, 50, 11, 10)))
    #expect(placer.place(width: 20, height: 10, for: rect(0, 20, 60, 30)) == rect(0, 10, 20, 10))
    #expect(placer.reserve(rect(30, 50, 10, 10)) == true)
  }

  /// Whatever the boxes: no two labels meet, each is in the picture and touches its box's rows and
  /// columns; and one is left out only where no place of the rule was free.
  @Test func anyBoxes() {
    var generator = SeededGenerator(seed: 7)
    for _ in 0..<200 {
      var placer = LabelPlacer(width: 200, height: 150)
      var taken: [PixelRect] = []
      for _ in 0..<40 {
        let x = Int.random(in: 0..<199, using: &generator)
        let y = Int.random(in: 0..<149, using: &generator)
        let box = PixelRect(
          x0: x, y0: y, x1: Int.random(in: x + 1...200, using: &generator),
          y1: Int.random(in: y + 1...150, using: &generator))
        let (width, height) = (Int.random(in: 10...90, using: &generator), 12)
        let place = placer.place(width: width, height: height, for: box)
        // Every place of the rule, tried one by one.
        let rows =
          [box.y0 - height, box.y0, box.y1]
          + stride(from: box.y0 + height, through: box.y1 - height, by: height)
        func inside(_ x: Int) -> Int { min(max(x, 0), 200 - width) }
        let wanted = inside(box.x0)
        let columns =
          (inside(min(box.x0, box.x1 - width))...inside(max(box.x0, box.x1 - width)))
          .sorted { (abs($0 - wanted), $0) < (abs($1 - wanted), $1) }
        let free = rows.filter { $0 >= 0 && $0 + height <= 150 }.lazy.flatMap { y in
          columns.lazy.map { self.rect($0, y, width, height) }
        }.first { place in taken.allSatisfy { $0.intersection(place) == nil } }
        #expect(place == free)
        if let place { taken.append(place) }
      }
    }
  }
}
