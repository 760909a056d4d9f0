import Detection
import Images
import Regions
import Reporting
import Testing

@Suite struct ContactSheetTests {
  private let grey = Color(100, 100, 100)

  /// Two rows of 3:2 photographs: (600 - 8) / 3 = 197.3 pixels high; the last edge is the sheet's.
  @Test func rowsFillTheWidth() {
    let places = ContactSheet.layout([1.5, 1.5, 1.5, 1.5], rows: 2, width: 600)
    #expect(
      places == [
        PixelRect(x0: 0, y0: 0, x1: 296, y1: 197), PixelRect(x0: 304, y0: 0, x1: 600, y1: 197),
        PixelRect(x0: 0, y0: 205, x1: 296, y1: 402), PixelRect(x0: 304, y0: 205, x1: 600, y1: 402),
      ])
    // One tall photograph is at most half as high as the sheet is wide.
    #expect(
      ContactSheet.layout([0.5], rows: 1, width: 600)
        == [PixelRect(x0: 0, y0: 0, x1: 150, y1: 300)])
    // Seven in three rows: two, two and three.
    let seven = ContactSheet.layout(Array(repeating: 1, count: 7), rows: 3, width: 600)
    #expect(Dictionary(grouping: seven, by: \.y0).values.map(\.count).sorted() == [2, 2, 3])
  }

  /// Boxes, masks and labels stand where they stand on the photographs; below is what the mark means.
  @Test func detectionsAreDrawnAtTheirPlaces() {
    let picture = Picture(categories: ["cat", "fox"], novel: ["fox"], font: .builtIn)
    let image = Image(width: 1200, height: 800, filledWith: grey)
    let mask = Mask(
      width: 1200, height: 800, within: PixelRect(x0: 400, y0: 300, x1: 500, y1: 400)
    ) { _, _ in true }
    func item(_ category: Int) -> ContactSheet.Item {
      let box = Box(x0: 300, y0: 200, x1: 900, y1: 600)
      return .init(
        image: image,
        detections: [Detection(box: box, category: category, score: 0.9, mask: mask)])
    }
    func isMarked(_ sheet: Image, _ x: Int, _ y: Int, _ category: Int) -> Bool {
      sheet[x, y] == .distinct(category)
    }
    let sheet = ContactSheet([item(0), item(0), item(1), item(1)], width: 600).draw(by: picture)
    // Two rows; the first photograph is 296 x 197 pixels, its box from (74, 49) to (222, 148).
    #expect(sheet.width == 600 && sheet.height > 402 + 8)
    #expect(isMarked(sheet, 74, 100, 0) && isMarked(sheet, 150, 147, 0))
    #expect(sheet[20, 100] == grey && sheet[300, 100] == .white)
    #expect(sheet[110, 85] != grey && sheet[160, 110] == grey)
    // Dashed in the second row, with whatever thickness.
    let left = (205 + 49..<205 + 148).filter { isMarked(sheet, 74, $0, 1) }
    #expect((30..<90).contains(left.count), "\(left.count)")
    let legend = (402..<sheet.height).contains { y in (0..<300).contains { sheet[$0, y] == .black }
    }
    #expect(legend)
    let known = ContactSheet([item(0)], width: 600).draw(by: picture)
    #expect(known.width == 600 && known.height == 300)
  }
}
