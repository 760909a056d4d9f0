import Detection
import Images
import Regions
import Reporting
import Support
import TestSupport
import Testing

@Suite struct PictureTests {
  private let grey = Color(100, 100, 100)
  private let names = ["cat", "traffic light", "日本"]
  private let font = LabelFont.builtIn

  private func draw(
    _ found: [Detection], on image: Image, novel: Set<String> = []
  ) -> Image {
    Picture(categories: names, novel: novel, font: font).draw(found, on: image)
  }

  private func count(_ image: Image, _ color: Color, in rect: PixelRect) -> Int {
    (rect.y0..<rect.y1).reduce(0) { sum, y in
      sum + (rect.x0..<rect.x1).count { image[$0, y] == color }
    }
  }

  @Test func drawsTheOutlineAndALabelAboveIt() {
    let image = Image(width: 150, height: 100, filledWith: grey)
    let found = [
      Detection(box: Box(x0: 20.4, y0: 40.6, x1: 59.5, y1: 80), category: 0, score: 0.87)
    ]
    let picture = draw(found, on: image)
    let color = Color.distinct(0)
    // Touched pixels: columns 20..<60, rows 40..<80.
    #expect(count(picture, color, in: PixelRect(x0: 20, y0: 40, x1: 60, y1: 41)) == 40)
    #expect(count(picture, color, in: PixelRect(x0: 20, y0: 79, x1: 60, y1: 80)) == 40)
    #expect(count(picture, color, in: PixelRect(x0: 20, y0: 40, x1: 21, y1: 80)) == 40)
    #expect(count(picture, color, in: PixelRect(x0: 59, y0: 40, x1: 60, y1: 80)) == 40)
    #expect(picture[40, 60] == grey)
    #expect(picture[20, 80] == grey && picture[60, 40] == grey)
    let label = PixelRect(x0: 20, y0: 31, x1: 69, y1: 40)
    let line = font.line("cat 0.87", size: 11)
    #expect((line.width, line.height) == (label.width, label.height))
    let (filled, letters) = (
      count(picture, color, in: label), count(picture, color.contrasting, in: label)
    )
    #expect(filled + letters == label.width * label.height)
    #expect(letters > 60)
    #expect(picture[19, 35] == grey && picture[69, 35] == grey && picture[30, 30] == grey)
    #expect(image == Image(width: 150, height: 100, filledWith: grey))
  }

  /// As if the category were called so.
  @Test func anAttributeStandsBeforeTheName() {
    let image = Image(width: 150, height: 100, filledWith: grey)
    var found = Detection(
      box: Box(x0: 20, y0: 40, x1: 60, y1: 80), category: 0, score: 0.87)
    let plain = Picture(categories: ["red cat"], novel: [], font: font).draw([found], on: image)
    #expect(draw([found], on: image) != plain)
    found.attribute = .init(index: 1, probability: 0.9, categoryProbability: 0.95)
    let picture = Picture(
      categories: names, attributes: ["blue", "red"], novel: [], font: font)
    #expect(picture.draw([found], on: image) == plain)
  }

  /// Four tenths of the category's colour lie over the object's own pixels.
  @Test func aMaskIsShaded() {
    let image = Image(width: 60, height: 60, filledWith: grey)
    let inside = PixelRect(x0: 12, y0: 22, x1: 40, y1: 50)
    let found = Detection(
      box: Box(x0: 10, y0: 20, x1: 50, y1: 55), category: 0, score: 0.9,
      mask: Mask(width: 60, height: 60, within: inside) { _, _ in true })
    let picture = draw([found], on: image)
    let color = Color.distinct(0)
    func mixed(_ channel: UInt8) -> UInt8 { UInt8((60 + 0.4 * Double(channel)).rounded()) }
    let shade = Color(mixed(color.red), mixed(color.green), mixed(color.blue))
    #expect(count(picture, shade, in: PixelRect(x0: 0, y0: 0, x1: 60, y1: 60)) == 28 * 28)
    #expect(picture[11, 30] == grey && picture[12, 30] == shade)
  }

  @Test func nothingFoundChangesNothing() {
    let image = Image(width: 9, height: 5, filledWith: grey)
    #expect(draw([], on: image) == image)
  }

  @Test func theBestIsDrawnLastWhateverTheOrder() {
    let image = Image(width: 100, height: 100, filledWith: grey)
    let box = Box(x0: 10, y0: 50, x1: 90, y1: 90)
    let (worse, better) = (
      Detection(box: box, category: 0, score: 0.2), Detection(box: box, category: 1, score: 0.9)
    )
    let picture = draw([better, worse], on: image)
    #expect(picture[10, 89] == .distinct(1))
    #expect(picture == draw([worse, better], on: image))
  }

  @Test func labelsStayInsideTheImage() {
    let image = Image(width: 120, height: 60, filledWith: grey)
    for box in [
      Box(x0: 100, y0: 0, x1: 120, y1: 30), Box(x0: -50, y0: -50, x1: 500, y1: 500),
      Box(x0: 118, y0: 58, x1: 120, y1: 60),
    ] {
      let picture = draw([Detection(box: box, category: 1, score: 0.5)], on: image)
      let size = font.line("traffic light 0.50", size: 11)
      let color = Color.distinct(1)
      let drawn =
        count(picture, color, in: picture.bounds)
        + count(picture, color.contrasting, in: picture.bounds)
      #expect(drawn >= size.width * size.height)
    }
  }

  @Test func longNamesAreShortenedAndKeepTheirScore() {
    func label(_ name: String, _ score: Float, mark: String = "", letters: Int) -> String {
      Picture.label(name, score: score, mark: mark) { $0.count <= letters }
    }
    #expect(label("traffic light", 0.874, letters: 40) == "traffic light 0.87")
    #expect(label("traffic light", 0.05, letters: 11) == "traf.. 0.05")
    #expect(label("traffic light", 0.05, mark: "★", letters: 12) == "traf..★ 0.05")
    #expect(label("cat", 0.9999, letters: 1) == ".. 1.00")
    #expect(label("cat", 0, mark: "★", letters: 40) == "cat★ 0.00")
  }

  /// Three names on one box: above it, inside it as there is no room beside the first, and beside the
  /// first.
  @Test func labelsDoNotCoverEachOther() {
    let image = Image(width: 200, height: 160, filledWith: grey)
    let box = Box(x0: 20, y0: 40, x1: 120, y1: 130)
    let found = (0..<3).map {
      Detection(box: box, category: $0, score: 0.9 - Float($0) / 10)
    }
    let picture = draw(found, on: image)
    for (index, name) in ["cat 0.90", "traffic light 0.80", "日本 0.70"].enumerated() {
      let line = font.line(name, size: 11)
      let (x, y) = [(20, 31), (20, 40), (69, 31)][index]
      var expected = Image(width: line.width, height: line.height, filledWith: .distinct(index))
      expected.draw(line, x: 0, y: 0, color: Color.distinct(index).contrasting)
      let place = PixelRect(x0: x, y0: y, x1: x + line.width, y1: y + line.height)
      #expect(picture.cropped(to: place) == expected, "\(name)")
    }
  }

  /// A name without labels is dashed, has the star and, in a free corner, an explanation.
  @Test func novelNamesAreMarked() {
    let image = Image(width: 300, height: 200, filledWith: grey)
    let found = [
      Detection(box: Box(x0: 40, y0: 60, x1: 140, y1: 160), category: 0, score: 0.5),
      Detection(box: Box(x0: 160, y0: 60, x1: 260, y1: 160), category: 1, score: 0.5),
    ]
    let picture = draw(found, on: image, novel: ["traffic light"])
    #expect(count(picture, .distinct(0), in: PixelRect(x0: 40, y0: 60, x1: 41, y1: 160)) == 100)
    // Dashes of four pixels and gaps of two.
    let left = (60..<160).map { picture[160, $0] == .distinct(1) }
    #expect(left == (0..<100).map { $0 % 6 < 4 })
    let star = font.line("traffic light* 0.50", size: 11)
    #expect(picture[160 + star.width - 1, 55] == .distinct(1))
    #expect(picture[160 + star.width, 55] == grey)
    #expect(picture[0, 199] == .white && picture[299, 199] == grey)
    let known = draw(found, on: image)
    #expect(known[0, 199] == grey && (60..<160).allSatisfy { known[160, $0] == .distinct(1) })
    // No room: a box covers every corner.
    let all = Detection(box: Box(x0: 0, y0: 0, x1: 300, y1: 200), category: 1, score: 0.4)
    #expect(draw([all], on: image, novel: ["traffic light"])[4, 196] == grey)
  }

  @Test func linesGrowWithTheImage() {
    let image = Image(width: 1200, height: 900, filledWith: grey)
    let picture = draw(
      [Detection(box: Box(x0: 100, y0: 200, x1: 800, y1: 700), category: 2, score: 0.5)],
      on: image)
    #expect((190..<240).count { picture[500, $0] == .distinct(2) } == 4)
  }

  @Test func tinyImagesAndOddBoxesAreDrawn() {
    let image = Image(width: 1, height: 1, filledWith: grey)
    let boxes = [
      Box(x0: 5, y0: 5, x1: 6, y1: 6), Box(x0: 0, y0: 0, x1: 0, y1: 0),
      Box(x0: .nan, y0: 0, x1: 1, y1: 1), Box(x0: 3e38, y0: -3e38, x1: 3.1e38, y1: 1),
    ]
    let found = boxes.map { Detection(box: $0, category: 0, score: 0.5) }
    #expect(draw(found, on: image)[0, 0] != grey)
  }

  @Test func writesAJPEGWithTheBoxOnIt() throws {
    try withTemporaryFolder { folder in
      let image = Image(width: 320, height: 240, filledWith: grey)
      let found = [
        Detection(box: Box(x0: 40, y0: 100, x1: 300, y1: 220), category: 0, score: 0.5)
      ]
      let path = "\(folder)/picture.jpg"
      let style = Picture(categories: names, novel: [], font: font)
      try style.write(found, on: image, to: path)
      let read = try Image.read(path, orientation: .stored)
      #expect((read.width, read.height) == (320, 240))
      let apart = abs(Int(read[150, 160].red) - 100)
      #expect(apart < 8)
      #expect(abs(Int(read[170, 100].red) - 100) > 30)
      #expect(throws: InputError.self) {
        try style.write(found, on: image, to: "\(folder)/no/picture.jpg")
      }
      #expect(throws: InputError.self) {
        let long = Image(width: 65_501, height: 1)
        try style.write([], on: long, to: path)
      }
    }
  }
}
