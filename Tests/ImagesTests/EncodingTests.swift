import Images
import Testing

@Suite struct EncodingTests {
  /// The best quality that fits is found, and the next one does not.
  @Test func aJPEGOfAtMostSoManyBytes() throws {
    let image = Image.photo(160, 120)
    for quality in [50, 63, 80, 94] {
      let bytes = image.jpegData(quality: quality).count
      let found = try #require(image.jpegData(atMost: bytes))
      #expect(found.quality >= quality && found.data.count <= bytes)
      #expect(found.data == image.jpegData(quality: found.quality))
      #expect(image.jpegData(quality: found.quality + 1).count > bytes)
    }
    #expect(image.jpegData(atMost: 10_000_000)?.quality == 95)
    #expect(image.jpegData(atMost: image.jpegData(quality: 50).count - 1) == nil)
  }

  @Test func picturesArePasted() {
    var image = Image(width: 4, height: 3)
    image.paste(Image(width: 2, height: 2, filledWith: .white), x: 3, y: -1)
    image.paste(Image(width: 1, height: 1, filledWith: .white), x: 0, y: 2)
    let white = (0..<3).map { y in (0..<4).filter { image[$0, y] == .white } }
    #expect(white == [[3], [], [0]])
  }
}
