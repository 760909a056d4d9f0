import Images
import Regions
import Testing

@Suite struct DrawingTests {
  /// The image as text: a dot for black, a hash for anything else.
  private func picture(_ image: Image) -> [String] {
    (0..<image.height).map { y in
      String((0..<image.width).map { image[$0, y] == .black ? "." : "#" })
    }
  }

  @Test func boxesAreHalfOpenAndInside() {
    var image = Image(width: 7, height: 6)
    image.draw(box: PixelRect(x0: 1, y0: 1, x1: 6, y1: 5), color: .white, thickness: 1)
    #expect(
      picture(image) == [".......", ".#####.", ".#...#.", ".#...#.", ".#####.", "......."])
  }

  @Test func whatIsOutsideIsLeftOut() {
    var image = Image(width: 4, height: 3)
    image.draw(box: PixelRect(x0: -5, y0: 1, x1: 3, y1: 90), color: .white, thickness: 1)
    #expect(picture(image) == ["....", "###.", "..#."])
    let before = image
    image.draw(box: PixelRect(x0: 40, y0: -20, x1: 60, y1: -10), color: .white)
    image.draw(box: PixelRect(x0: 2, y0: 2, x1: 2, y1: 2), color: .white)
    let line = LabelFont.builtIn.line("a label larger than the image", size: 90)
    image.draw(line, x: -50_000, y: 700, color: .white, background: .white)
    #expect(image == before)
    image.draw(line, x: -3, y: -9, color: .white)
    #expect(picture(image) == ["....", "###.", "..#."])
    image.draw(line, x: -3, y: -4, color: .white, background: .white)
    #expect(picture(image) == ["####", "####", "####"])
  }

  /// Dashes of three pixels and gaps of two, from the top left corner on.
  @Test func dashes() {
    var image = Image(width: 9, height: 7)
    image.draw(
      box: PixelRect(x0: 0, y0: 0, x1: 9, y1: 7), color: .white, thickness: 1, dash: 3)
    #expect(
      picture(image) == [
        "###..####", "#.......#", "#.......#", ".........", ".........", "#.......#", "###..####",
      ])
  }

  @Test func lettersHaveTheirShape() {
    var image = Image(width: 13, height: 9)
    image.draw(LabelFont.builtIn.line("Ti", size: 11), x: 0, y: 0, color: .white)
    #expect(
      picture(image) == [
        ".............",
        ".#####...#...",
        "...#.........",
        "...#....##...",
        "...#.....#...",
        "...#.....#...",
        "...#.....#...",
        "...#....###..",
        ".............",
      ])
    let large = LabelFont.builtIn.line("Ti", size: 30)
    #expect(large.width == 39 && large.height == 27)
  }

  @Test func accentsAreDroppedAndTheUnknownIsABox() {
    func drawn(_ text: String) -> Image {
      var image = Image(width: 8, height: 9)
      image.draw(LabelFont.builtIn.line(text, size: 11), x: 0, y: 0, color: .white)
      return image
    }
    #expect(drawn("é") == drawn("e"))
    #expect(drawn("猫") == drawn("\u{1F600}"))
    #expect(drawn("猫") != drawn("?"))
    let letters = (33...126).map { drawn(String(Unicode.Scalar(UInt8($0)))) }
    for (index, letter) in letters.enumerated() {
      #expect(!letters[..<index].contains(letter), "\(index + 33) looks like another")
      #expect(letter != drawn(" "))
    }
  }

  @Test func neighbouringCategoriesDiffer() {
    let colors = (0..<100).map(Color.distinct)
    for index in 0..<100 {
      for other in index + 1..<min(index + 9, 100) {
        let (a, b) = (colors[index], colors[other])
        let apart =
          abs(Int(a.red) - Int(b.red)) + abs(Int(a.green) - Int(b.green))
          + abs(Int(a.blue) - Int(b.blue))
        #expect(apart > 40, "\(index) and \(other)")
      }
    }
    _ = Color.distinct(.min + 1)
  }
}
