import Foundation
import Images
import Regions
import Testing

@Suite struct OrientationTests {
  /// A scene of 2 x 3 pixels seen upright,
  ///
  ///     0 1
  ///     2 3
  ///     4 5
  ///
  /// and how each orientation stores it, by EXIF's words for where row 0 and column 0 lie.
  @Test(arguments: [
    (1, [[0, 1], [2, 3], [4, 5]]),  // row 0 is the top, column 0 the left
    (2, [[1, 0], [3, 2], [5, 4]]),  // top, right
    (3, [[5, 4], [3, 2], [1, 0]]),  // bottom, right
    (4, [[4, 5], [2, 3], [0, 1]]),  // bottom, left
    (5, [[0, 2, 4], [1, 3, 5]]),  // left, top
    (6, [[1, 3, 5], [0, 2, 4]]),  // right, top
    (7, [[5, 3, 1], [4, 2, 0]]),  // right, bottom
    (8, [[4, 2, 0], [5, 3, 1]]),  // left, bottom
  ])
  func turnsUpright(number: Int, stored: [[Int]]) throws {
    let image = Image(
      width: stored[0].count, height: stored.count,
      pixels: stored.joined().flatMap { [UInt8($0), UInt8($0 + 10), UInt8($0 + 20)] })
    let upright = image.upright(from: try #require(Orientation(rawValue: number)))
    #expect((upright.width, upright.height) == (2, 3))
    #expect(stride(from: 0, to: 18, by: 3).map { upright.pixels[$0] } == [0, 1, 2, 3, 4, 5])
    #expect(stride(from: 2, to: 18, by: 3).map { upright.pixels[$0] } == [20, 21, 22, 23, 24, 25])
  }

  @Test(arguments: Orientation.allCases, [true, false])
  func readsTheTagOfAJPEG(orientation: Orientation, littleEndian: Bool) throws {
    let photo = Image.photo(24, 16)
    let tag = tiff(orientation: UInt16(orientation.rawValue), littleEndian: littleEndian)
    let plain = photo.jpegData(quality: 95)
    let tagged = inserting(segment: 0xE1, Array("Exif\0\0".utf8) + tag, into: plain)
    let header = try ImageHeader(tagged, name: "tagged")
    #expect(header.orientation == orientation)
    #expect((header.width, header.height) == (24, 16))
    let stored = try Image.decode(tagged, name: "tagged", orientation: .stored)
    #expect(stored == (try Image.decode(plain, name: "plain", orientation: .upright)))
    let upright = try Image.decode(tagged, name: "tagged", orientation: .upright)
    #expect(upright == stored.upright(from: orientation))
    #expect((upright.width, upright.height) == header.size(.upright))
    #expect((stored.width, stored.height) == header.size(.stored))
  }

  @Test func readsTheTagOfAPNG() throws {
    var chunk = Data("eXIf".utf8) + tiff(orientation: 6)
    let length = UInt32(chunk.count - 4)
    chunk = bigEndian(length) + chunk + bigEndian(crc32(chunk))
    let image = Image.counted(5, 4)
    let plain = image.pngData()
    let tagged = plain.prefix(33) + chunk + plain.dropFirst(33)
    let upright = try Image.decode(tagged, name: "tagged", orientation: .upright)
    #expect(upright == image.upright(from: .quarterClockwise))
  }

  @Test func nonsenseIsUpright() throws {
    let plain = Image.photo(8, 8).jpegData()
    let good = tiff(orientation: 6)
    var nonsense: [[UInt8]] = [
      tiff(orientation: 0), tiff(orientation: 9), tiff(orientation: 65535),
    ]
    nonsense.append(tiff(orientation: 6, type: 7))
    nonsense += (0..<18).map { Array(good.prefix($0)) }
    // A directory far away, and a count of entries far too large.
    nonsense.append(Array(good.prefix(4)) + [255, 255, 255, 255] + good.dropFirst(8))
    nonsense.append(Array(good.prefix(8)) + [255, 255, 0x11] + good.dropFirst(11))
    for tag in nonsense {
      let data = inserting(segment: 0xE1, Array("Exif\0\0".utf8) + tag, into: plain)
      #expect(try ImageHeader(data, name: "nonsense").orientation == .upright, "\(tag)")
    }
    let long = inserting(
      segment: 0xE1, Array("Exif\0\0".utf8) + tiff(orientation: 6, type: 4), into: plain)
    #expect(try ImageHeader(long, name: "long").orientation == .quarterClockwise)
  }

  @Test func flipsAndCrops() {
    let image = Image.counted(3, 2)
    #expect(
      image.flippedHorizontally().pixels
        == [6, 7, 8, 3, 4, 5, 0, 1, 2, 15, 16, 17, 12, 13, 14, 9, 10, 11])
    #expect(image.flippedHorizontally().flippedHorizontally() == image)
    #expect(
      image.cropped(to: PixelRect(x0: 1, y0: 0, x1: 2, y1: 2)).pixels == [3, 4, 5, 12, 13, 14])
  }
}
