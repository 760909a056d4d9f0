import Reporting
import Support
import Testing

@Suite struct PictureNamesTests {
  @Test func pictureOfAJPEGKeepsTheName() {
    let names = PictureNames(of: ["a.jpg", "b/C.JPG", "d.png", "e.jpeg", "f"])
    #expect(names["a.jpg"] == "a.jpg")
    #expect(names["b/C.JPG"] == "b/C.JPG")
    #expect(names["d.png"] == "d.png.jpg")
    #expect(names["e.jpeg"] == "e.jpeg.jpg")
    #expect(names["f"] == "f.jpg")
  }

  @Test func noTwoPicturesHaveOneName() {
    let long = String(repeating: "n", count: 251)
    let images = [
      "pair.png", "pair.png.jpg", "pair.png.2.jpg", "deep.png", "deep.png.jpg/x.jpg", "plain",
      "plain.jpg", "in/pair.png", "\(long)1", "\(long)2", "\(long)1.png", "in/\(long)1",
      // Equal to `String`, not to the system.
      "caf\u{E9}.png", "cafe\u{301}.png",
    ]
    let names = PictureNames(of: images)
    let pictures = images.map { names[$0] }
    #expect(Set(pictures.map { Array($0.utf8) }).count == images.count)
    #expect(
      Array(pictures.prefix(5)) == [
        "pair.png.3.jpg", "pair.png.jpg", "pair.png.2.jpg", "deep.png.2.jpg", "deep.png.jpg/x.jpg",
      ])
    for picture in pictures {
      #expect(PathText.bytes(of: PathText.name(of: picture)).count <= 255)
      #expect(PathText.ending(of: picture) == "jpg")
    }
    #expect(names["in/\(long)1"].hasPrefix("in/nnn"))
  }
}
