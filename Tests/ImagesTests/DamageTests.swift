import Foundation
import Images
import Support
import Testing

/// Damaged files are errors, or images of the right size; never crashes.
@Suite struct DamageTests {
  private let image = Image.photo(61, 43)
  private let jpeg = Image.photo(61, 43).jpegData(quality: 80)
  private let png = Image.photo(61, 43).pngData()

  private func decode(
    _ data: Data, limits: DecodeLimits = .init()
  ) -> Result<Image, ImageError> {
    Result { () throws(ImageError) in
      try Image.decode(data, name: "damaged", orientation: .stored, limits: limits)
    }
  }

  private func reason(
    _ data: Data, limits: DecodeLimits = .init()
  ) -> ImageError.Reason? {
    if case .failure(let error) = decode(data, limits: limits) { return error.reason }
    return nil
  }

  @Test func roundTrips() throws {
    #expect(try decode(png).get() == image)
    let distance = try decode(image.jpegData(quality: 100)).get()
      .distance(to: image)
    // 4:2:0 smears the blue edge; the rest is close.
    #expect(try #require(distance) < 100)
    let flat = Image(width: 20, height: 9, filledWith: Color(200, 100, 50))
    #expect(try #require(decode(flat.jpegData()).get().distance(to: flat)) <= 3)
    #expect(try decode(Image.counted(1, 1).pngData()).get() == Image.counted(1, 1))
  }

  @Test func everyTruncationIsAnError() throws {
    for data in [jpeg, png] {
      for sixteenth in 0..<16 {
        let cut = data.prefix(data.count * sixteenth / 16)
        #expect(reason(cut) != nil, "\(sixteenth)")
      }
    }
    for missing in [1, 2, 3, 12] { #expect(reason(jpeg.dropLast(missing)) == .corrupt) }
    // 12 bytes are the end mark; the last four before it are the checksum of the pixels.
    for missing in [13, 14, 16, 20] { #expect(reason(png.dropLast(missing)) == .corrupt) }
  }

  @Test func everyTruncationOfAWebPOrAGIFIsAnError() throws {
    for golden in try Goldens.load().files
    where golden.name.hasSuffix(".webp") || ["plain.gif", "interlaced.gif"].contains(golden.name) {
      for sixteenth in 0..<16 {
        let cut = golden.file.prefix(golden.file.count * sixteenth / 16)
        #expect(reason(cut) == .corrupt, "\(golden.name), \(sixteenth)")
      }
    }
  }

  @Test func aGIFOfAnotherColourOrWithoutAPictureIsDamaged() throws {
    let plain = try #require(Goldens.load().files.first { $0.name == "plain.gif" }).file
    // The table of sixteen colours begins behind the screen's 13 bytes, the picture behind the table.
    var fewer = plain
    fewer[10] = plain[10] & 0xF8
    fewer.removeSubrange(13 + 6..<13 + 48)
    #expect(reason(fewer) == .corrupt)
    #expect(reason(plain.prefix(13 + 48) + [0x3B]) == .corrupt)
  }

  @Test func anyBitOfAPNGCounts() throws {
    for bit in 0..<(png.count - 12) * 8 {
      var data = png
      data[bit / 8] ^= 1 << (bit % 8)
      #expect(reason(data) != nil, "bit \(bit)")
    }
  }

  @Test func flippedBitsOfAJPEGGiveAnErrorOrTheRightSize() throws {
    var generator = SeededGenerator(9)
    for _ in 0..<3000 {
      var data = jpeg
      for _ in 0..<Int.random(in: 1...3, using: &generator) {
        data[Int.random(in: 0..<data.count, using: &generator)] ^=
          1 << UInt8.random(in: 0..<8, using: &generator)
      }
      // A flip in the header may enlarge the image it speaks of.
      let limits = DecodeLimits(pixels: 1_000_000)
      guard case .success(let found) = decode(data, limits: limits) else { continue }
      let header = try ImageHeader(data, name: "damaged")
      #expect((found.width, found.height) == (header.width, header.height))
    }
  }

  @Test func randomBytesAfterASignatureAreErrors() {
    var generator = SeededGenerator(10)
    for signature in [jpeg.prefix(3), jpeg.prefix(200), png.prefix(33)] {
      for length in [0, 1, 7, 100, 1000] {
        let tail = (0..<length).map { _ in UInt8.random(in: 0...255, using: &generator) }
        #expect(reason(signature + tail) != nil)
      }
    }
  }

  @Test func bytesAfterTheEndDoNotMatter() throws {
    for data in [jpeg, png] {
      #expect(try decode(data + Data(count: 100)).get() == decode(data).get())
    }
  }

  @Test func sliceOfALargerBufferDecodes() throws {
    let slice = (Data(count: 9) + png).dropFirst(9)
    #expect(try decode(slice).get() == image)
  }

  @Test func aKindOfJPEGThatIsNotReadIsUnsupported() {
    var lossless = jpeg
    guard let frame = lossless.firstRange(of: Data([0xFF, 0xC0])) else {
      Issue.record("no frame header")
      return
    }
    lossless[frame.lowerBound + 1] = 0xC3
    #expect(reason(lossless) == .unsupported)
  }

  @Test func reasonsAreTold() throws {
    #expect(reason(Data()) == .corrupt)
    #expect(reason(Data("BM..............".utf8)) == .unsupported)
    #expect(reason(Data("hello".utf8)) == .unsupported)
    #expect(reason(jpeg, limits: DecodeLimits(pixels: 61 * 43 - 1)) == .tooLarge)
    #expect(reason(jpeg, limits: DecodeLimits(pixels: 61 * 43)) == nil)
    #expect(reason(png, limits: DecodeLimits(side: 60)) == .tooLarge)
    let missing = #expect(throws: ImageError.self) {
      try Image.read("/no/such/image.jpg", orientation: .stored)
    }
    #expect(missing?.reason == .missing)
    #expect(missing?.inputError.kind == .missingInput)
    guard case .failure(let error) = decode(Data("BM....".utf8)) else { return }
    #expect(
      error.description
        == "damaged: not an image that is read here (expected a JPEG, PNG, WebP or GIF, got a BMP)")
    #expect(error.inputError.kind == .badData)
  }

  @Test(arguments: [
    ("....ftypheic....", "a HEIC"),
    ("....ftypmif1....", "a HEIF"), ("....ftypavif....", "an AVIF"), ("II*\u{0}....", "a TIFF"),
    ("MM\u{0}+....", "a BigTIFF"), ("hello", "something else"),
  ])
  func formsThatAreNotReadAreNamed(bytes: String, name: String) {
    guard case .failure(let error) = decode(Data(bytes.utf8)) else {
      Issue.record("it is read")
      return
    }
    #expect(error.description.hasSuffix("got \(name))"))
  }

  /// A size of 60,000 x 60,000 in a few hundred bytes.
  @Test func bombsAreRefusedFromTheHeader() {
    var png = self.png
    png.replaceSubrange(16..<24, with: bigEndian(60_000) + bigEndian(60_000))
    png.replaceSubrange(29..<33, with: bigEndian(crc32(png[12..<29])))
    #expect(reason(png) == .tooLarge)
    var jpeg = self.jpeg
    guard let frame = jpeg.firstRange(of: Data([0xFF, 0xC0])) else {
      Issue.record("no frame header")
      return
    }
    jpeg.replaceSubrange(
      frame.upperBound + 3..<frame.upperBound + 7, with: [0xEA, 0x60, 0xEA, 0x60])
    #expect(reason(jpeg) == .tooLarge)
  }

  /// An 8 x 8 grey image in as many scans as asked, each of one component and one byte: nothing but
  /// the codes for "no difference" and "end of block", which its tables make a bit each.
  private func jpeg(scansOfEachComponent scans: Int) -> Data {
    func segment(_ marker: UInt8, _ body: [UInt8]) -> [UInt8] {
      [0xFF, marker, UInt8((body.count + 2) >> 8), UInt8((body.count + 2) & 255)] + body
    }
    let oneShortCode: [UInt8] = [1] + Array(repeating: 0, count: 15) + [0]
    var bytes: [UInt8] = [0xFF, 0xD8]
    bytes += segment(0xDB, [0] + Array(repeating: 1, count: 64))
    bytes += segment(0xC0, [8, 0, 8, 0, 8, 3, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0])
    bytes += segment(0xC4, [0x00] + oneShortCode) + segment(0xC4, [0x10] + oneShortCode)
    for component: UInt8 in 1...3 {
      for _ in 0..<scans { bytes += segment(0xDA, [1, component, 0, 0, 63, 0]) + [0x3F] }
    }
    return Data(bytes + [0xFF, 0xD9])
  }

  @Test func endlessScansAreRefused() throws {
    let grey = Image(width: 8, height: 8, filledWith: Color(128, 128, 128))
    #expect(try decode(jpeg(scansOfEachComponent: 1)).get() == grey)
    guard case .failure(let error) = decode(jpeg(scansOfEachComponent: 1000)) else {
      Issue.record("3000 scans were decoded")
      return
    }
    #expect(error.reason == .corrupt)
    #expect(error.description.contains("scans"))
  }

  @Test func garbageBetweenHeaderSegmentsIsHarmless() throws {
    let padded = jpeg.prefix(20) + [0, 7, 0xFF, 0xFF] + jpeg.dropFirst(20)
    #expect(try decode(padded).get() == decode(jpeg).get())
    let skipped = inserting(segment: 0xEA, Array(repeating: 0xFF, count: 50), into: jpeg)
    #expect(try decode(skipped).get() == decode(jpeg).get())
  }
}

func bigEndian(_ value: UInt32) -> Data { withUnsafeBytes(of: value.bigEndian) { Data($0) } }

/// PNG's checksum.
func crc32(_ data: Data) -> UInt32 {
  ~data.reduce(~UInt32(0)) { crc, byte in
    (0..<8).reduce(crc ^ UInt32(byte)) { crc, _ in crc >> 1 ^ (crc & 1 == 1 ? 0xEDB8_8320 : 0) }
  }
}
