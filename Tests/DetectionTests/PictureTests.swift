import Detection
import Images
import Regions
import Support
import TestSupport
import Testing

@Suite struct PictureTests {
  private let grey = Color(100, 100, 100)
  private let names = ["cat", "traffic light", "日本"]

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
    let picture = Picture.draw(found, on: image, categories: names)
    let color = Color.distinct(0)
    // Touched pixels: columns 20..<60, rows 40..<80.
    #expect(count(picture, color, in: PixelRect(x0: 20, y0: 40, x1: 60, y1: 41)) == 40)
    #expect(count(picture, color, in: PixelRect(x0: 20, y0: 79, x1: 60, y1: 80)) == 40)
    #expect(count(picture, color, in: PixelRect(x0: 20, y0: 40, x1: 21, y1: 80)) == 40)
    #expect(count(picture, color, in: PixelRect(x0: 59, y0: 40, x1: 60, y1: 80)) == 40)
    #expect(picture[40, 60] == grey)
    #expect(picture[20, 80] == grey && picture[60, 40] == grey)
    let label = PixelRect(x0: 20, y0: 31, x1: 69, y1: 40)
    #expect(Image.textSize("cat 0.87") == (label.width, label.height))
    let (filled, letters) = (
      count(picture, color, in: label), count(picture, color.contrasting, in: label)
    )
    #expect(filled + letters == label.width * label.height)
    #expect(letters > 60)
    #expect(picture[19, 35] == grey && picture[69, 35] == grey && picture[30, 30] == grey)
    #expect(image == Image(width: 150, height: 100, filledWith: grey))
  }

  /// Four tenths of the category's colour lie over the object's own pixels.
  @Test func aMaskIsShaded() {
    let image = Image(width: 60, height: 60, filledWith: grey)
    let inside = PixelRect(x0: 12, y0: 22, x1: 40, y1: 50)
    let found = Detection(
      box: Box(x0: 10, y0: 20, x1: 50, y1: 55), category: 0, score: 0.9,
      mask: Mask(width: 60, height: 60, within: inside) { _, _ in true })
    let picture = Picture.draw([found], on: image, categories: names)
    let color = Color.distinct(0)
    func mixed(_ channel: UInt8) -> UInt8 { UInt8((60 + 0.4 * Double(channel)).rounded()) }
    let shade = Color(mixed(color.red), mixed(color.green), mixed(color.blue))
    #expect(count(picture, shade, in: PixelRect(x0: 0, y0: 0, x1: 60, y1: 60)) == 28 * 28)
    #expect(picture[11, 30] == grey && picture[12, 30] == shade)
  }

  @Test func nothingFoundChangesNothing() {
    let image = Image(width: 9, height: 5, filledWith: grey)
    #expect(Picture.draw([], on: image, categories: names) == image)
  }

  @Test func theBestIsDrawnLastWhateverTheOrder() {
    let image = Image(width: 100, height: 100, filledWith: grey)
    let box = Box(x0: 10, y0: 50, x1: 90, y1: 90)
    let (worse, better) = (
      Detection(box: box, category: 0, score: 0.2), Detection(box: box, category: 1, score: 0.9)
    )
    let picture = Picture.draw([better, worse], on: image, categories: names)
    #expect(picture[10, 89] == .distinct(1))
    #expect(picture == Picture.draw([worse, better], on: image, categories: names))
  }

  @Test func labelsStayInsideTheImage() {
    let image = Image(width: 120, height: 60, filledWith: grey)
    for box in [
      Box(x0: 100, y0: 0, x1: 120, y1: 30), Box(x0: -50, y0: -50, x1: 500, y1: 500),
      Box(x0: 118, y0: 58, x1: 120, y1: 60),
    ] {
      let picture = Picture.draw(
        [Detection(box: box, category: 1, score: 0.5)], on: image, categories: names)
      let size = Image.textSize("traffic light 0.50")
      let color = Color.distinct(1)
      let drawn =
        count(picture, color, in: picture.bounds)
        + count(picture, color.contrasting, in: picture.bounds)
      #expect(drawn >= size.width * size.height)
    }
  }

  @Test func longNamesAreShortenedAndKeepTheirScore() {
    #expect(
      Picture.label("traffic light", score: 0.874, width: 200, scale: 1) == "traffic light 0.87")
    #expect(Picture.label("traffic light", score: 0.05, width: 70, scale: 1) == "traf.. 0.05")
    #expect(Picture.label("cat", score: 0.9999, width: 1, scale: 3) == ".. 1.00")
    #expect(Picture.label("cat", score: 0, width: 100, scale: 1) == "cat 0.00")
  }

  @Test func linesGrowWithTheImage() {
    let image = Image(width: 1200, height: 900, filledWith: grey)
    let picture = Picture.draw(
      [Detection(box: Box(x0: 100, y0: 200, x1: 800, y1: 700), category: 2, score: 0.5)],
      on: image, categories: names)
    #expect((190..<240).count { picture[500, $0] == .distinct(2) } == 4)
  }

  @Test func tinyImagesAndOddBoxesAreDrawn() {
    let image = Image(width: 1, height: 1, filledWith: grey)
    let boxes = [
      Box(x0: 5, y0: 5, x1: 6, y1: 6), Box(x0: 0, y0: 0, x1: 0, y1: 0),
      Box(x0: .nan, y0: 0, x1: 1, y1: 1), Box(x0: 3e38, y0: -3e38, x1: 3.1e38, y1: 1),
    ]
    let found = boxes.map { Detection(box: $0, category: 0, score: 0.5) }
    #expect(Picture.draw(found, on: image, categories: names)[0, 0] != grey)
  }

  @Test func writesAJPEGWithTheBoxOnIt() throws {
    try withTemporaryFolder { folder in
      let image = Image(width: 320, height: 240, filledWith: grey)
      let found = [
        Detection(box: Box(x0: 40, y0: 100, x1: 300, y1: 220), category: 0, score: 0.5)
      ]
      let path = "\(folder)/picture.jpg"
      try Picture.write(found, on: image, categories: names, to: path)
      let read = try Image.read(path, orientation: .stored)
      #expect((read.width, read.height) == (320, 240))
      let apart = abs(Int(read[150, 160].red) - 100)
      #expect(apart < 8)
      #expect(abs(Int(read[170, 100].red) - 100) > 30)
      #expect(throws: InputError.self) {
        try Picture.write(found, on: image, categories: names, to: "\(folder)/no/picture.jpg")
      }
      #expect(throws: InputError.self) {
        let long = Image(width: 65_501, height: 1)
        try Picture.write([], on: long, categories: names, to: path)
      }
    }
  }
}
