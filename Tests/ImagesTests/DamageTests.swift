import Foundation
import Images
import Support
import Testing

/// Damaged files are errors, or images of the right size; never crashes.
@Suite struct DamageTests {
  private static let image = Image.photo(61, 43)
  private static let jpeg = image.jpegData(quality: 80)
  private static let png = image.pngData()

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
    #expect(try decode(Self.png).get() == Self.image)
    let distance = try decode(Image.photo(61, 43).jpegData(quality: 100)).get()
      .distance(to: Self.image)
    // 4:2:0 smears the blue edge; the rest is close.
    #expect(try #require(distance) < 100)
    let flat = Image(width: 20, height: 9, filledWith: Color(200, 100, 50))
    #expect(try #require(decode(flat.jpegData()).get().distance(to: flat)) <= 3)
    #expect(try decode(Image.counted(1, 1).pngData()).get() == Image.counted(1, 1))
  }

  @Test func everyTruncationIsAnError() throws {
    for data in [Self.jpeg, Self.png] {
      for sixteenth in 0..<16 {
        let cut = data.prefix(data.count * sixteenth / 16)
        #expect(reason(cut) != nil, "\(sixteenth)")
      }
      for missing in [1, 2, 3, 12] { #expect(reason(data.dropLast(missing)) == .corrupt) }
    }
  }

  @Test func anyBitOfAPNGCounts() throws {
    for bit in 0..<Self.png.count * 8 {
      var data = Self.png
      data[bit / 8] ^= 1 << (bit % 8)
      #expect(reason(data) != nil, "bit \(bit)")
    }
  }

  @Test func flippedBitsOfAJPEGGiveAnErrorOrTheRightSize() throws {
    var generator = SeededGenerator(9)
    for _ in 0..<3000 {
      var data = Self.jpeg
      for _ in 0..<Int.random(in: 1...3, using: &generator) {
        data[Int.random(in: 0..<data.count, using: &generator)] ^=
          1 << UInt8.random(in: 0..<8, using: &generator)
      }
      // A flip in the header may enlarge the image it speaks of.
      let limits = DecodeLimits(pixels: 1_000_000)
      guard case .success(let image) = decode(data, limits: limits) else { continue }
      let header = try ImageHeader(data, name: "damaged")
      #expect((image.width, image.height) == (header.width, header.height))
    }
  }

  @Test func randomBytesAfterASignatureAreErrors() {
    var generator = SeededGenerator(10)
    for signature in [Self.jpeg.prefix(3), Self.jpeg.prefix(200), Self.png.prefix(33)] {
      for length in [0, 1, 7, 100, 1000] {
        let tail = (0..<length).map { _ in UInt8.random(in: 0...255, using: &generator) }
        #expect(reason(signature + tail) != nil)
      }
    }
  }

  @Test func bytesAfterTheEndDoNotMatter() throws {
    for data in [Self.jpeg, Self.png] {
      #expect(try decode(data + Data(count: 100)).get() == decode(data).get())
    }
  }

  @Test func sliceOfALargerBufferDecodes() throws {
    let slice = (Data(count: 9) + Self.png).dropFirst(9)
    #expect(try decode(slice).get() == Self.image)
  }

  @Test func reasonsAreTold() throws {
    #expect(reason(Data()) == .corrupt)
    #expect(reason(Data("GIF89a..........".utf8)) == .unsupported)
    #expect(reason(Data("hello".utf8)) == .unsupported)
    #expect(reason(Self.jpeg, limits: DecodeLimits(pixels: 61 * 43 - 1)) == .tooLarge)
    #expect(reason(Self.jpeg, limits: DecodeLimits(pixels: 61 * 43)) == nil)
    #expect(reason(Self.png, limits: DecodeLimits(side: 60)) == .tooLarge)
    let missing = #expect(throws: ImageError.self) {
      try Image.read("/no/such/image.jpg", orientation: .stored)
    }
    #expect(missing?.reason == .missing)
    #expect(missing?.inputError.kind == .missingInput)
    guard case .failure(let error) = decode(Data("GIF89a".utf8)) else { return }
    #expect(
      error.description
        == "damaged: not an image that is read here (expected a JPEG or PNG, got a GIF)")
    #expect(error.inputError.kind == .badData)
  }

  /// A size of 60,000 x 60,000 in a few hundred bytes.
  @Test func bombsAreRefusedFromTheHeader() {
    var png = Self.png
    png.replaceSubrange(16..<24, with: bigEndian(60_000) + bigEndian(60_000))
    png.replaceSubrange(29..<33, with: bigEndian(crc32(png[12..<29])))
    #expect(reason(png) == .tooLarge)
    var jpeg = Self.jpeg
    guard let frame = jpeg.firstRange(of: Data([0xFF, 0xC0])) else {
      Issue.record("no frame header")
      return
    }
    jpeg.replaceSubrange(
      frame.upperBound + 3..<frame.upperBound + 7, with: [0xEA, 0x60, 0xEA, 0x60])
    #expect(reason(jpeg) == .tooLarge)
  }

  @Test func garbageBetweenHeaderSegmentsIsHarmless() throws {
    let padded = Self.jpeg.prefix(20) + [0, 7, 0xFF, 0xFF] + Self.jpeg.dropFirst(20)
    #expect(try decode(padded).get() == decode(Self.jpeg).get())
    let skipped = inserting(segment: 0xEA, Array(repeating: 0xFF, count: 50), into: Self.jpeg)
    #expect(try decode(skipped).get() == decode(Self.jpeg).get())
  }
}

func bigEndian(_ value: UInt32) -> Data { withUnsafeBytes(of: value.bigEndian) { Data($0) } }

/// PNG's checksum.
func crc32(_ data: Data) -> UInt32 {
  ~data.reduce(~UInt32(0)) { crc, byte in
    (0..<8).reduce(crc ^ UInt32(byte)) { crc, _ in crc >> 1 ^ (crc & 1 == 1 ? 0xEDB8_8320 : 0) }
  }
}
