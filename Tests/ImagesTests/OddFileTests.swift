import Foundation
import Images
import Testing

/// Files that are odd and have all their pixels are images with a note.
@Suite struct OddFileTests {
  private let image = Image.photo(61, 43)
  private let jpeg = Image.photo(61, 43).jpegData(quality: 80)
  private let png = Image.photo(61, 43).pngData()

  /// Pixels and note.
  private func whole(_ data: Data) throws -> (Image, note: String?) {
    let decoded = try Image.decoded(data, name: "odd") { _ in .stored }
    return (decoded.image, decoded.note)
  }

  private func isCorrupt(_ data: Data) -> Bool {
    do throws(ImageError) {
      _ = try Image.decode(data, name: "odd", orientation: .stored)
      return false
    } catch {
      return error.reason == .corrupt
    }
  }

  @Test func paddingBeforeAJPEGsEndMarkIsANote() throws {
    let plain = try whole(jpeg)
    #expect(plain.note == nil)
    for byte: UInt8 in [0, 7] {
      let padding = [UInt8](repeating: byte, count: 500)
      let (pixels, note) = try whole(jpeg.dropLast(2) + padding + jpeg.suffix(2))
      #expect(pixels == plain.0)
      #expect(try #require(note).contains("bytes between the pixels and the end mark"))
    }
    // Without the mark nobody knows whether that was all.
    #expect(isCorrupt(jpeg.dropLast(2) + [0, 0, 0]))
  }

  @Test func paddingDoesNotStandForMissingPixels() {
    #expect(isCorrupt(jpeg.dropLast(100) + [0, 0] + jpeg.suffix(2)))
  }

  @Test func whatIsWrongBehindThePixelsOfAPNGIsANote() throws {
    let plain = try whole(png)
    #expect(plain.note == nil && plain.0 == image)
    var odd = [1, 2, 3, 11, 12].map { png.dropLast($0) }
    odd.append(png.dropLast(12) + Data("no chunk at all, and long enough".utf8))
    for bit in (png.count - 12) * 8..<png.count * 8 {
      odd.append(png)
      odd[odd.count - 1][bit / 8] ^= 1 << (bit % 8)
    }
    for data in odd {
      let (pixels, note) = try whole(data)
      #expect(pixels == image)
      #expect(note != nil)
    }
  }

  /// A chunk with its checksum, or a wrong one.
  private func chunk(_ type: String, _ body: [UInt8], isDamaged: Bool) -> Data {
    let bytes = Data(type.utf8) + body
    return bigEndian(UInt32(body.count)) + bytes + bigEndian(crc32(bytes) ^ (isDamaged ? 1 : 0))
  }

  @Test func aDamagedSideChunkOfAPNGIsANote() throws {
    for type in ["tEXt", "iCCP", "gAMA", "eXIf"] {
      let side = chunk(type, tiff(orientation: 6), isDamaged: true)
      for place in [33, png.count - 12] {
        let data = png.prefix(place) + side + png.dropFirst(place)
        let upright = try Image.decoded(data, name: "odd") { _ in .upright }
        #expect(upright.image == image)
        #expect(try #require(upright.note).contains(type))
      }
    }
  }

  @Test func aDamagedChunkThatPixelsDependOnIsAnError() {
    let transparency = [UInt8]([0, 1, 0, 1, 0, 1])
    for type in ["tRNS", "PLTE"] {
      for isDamaged in [false, true] {
        let data =
          png.prefix(33) + chunk(type, transparency, isDamaged: isDamaged)
          + png.dropFirst(33)
        #expect(isCorrupt(data) == isDamaged, "\(type)")
      }
    }
  }
}
