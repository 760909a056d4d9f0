import Foundation
import Images
import Testing

/// Whatever is done to the bytes of an image, they give an image or an error, and never end the
/// program. `VILD_FUZZ_SECONDS` makes it longer.
@Suite struct FuzzTests {
  @Test func changedImagesGiveAnImageOrAnError() throws {
    let variable = ProcessInfo.processInfo.environment["VILD_FUZZ_SECONDS"]
    let seconds = variable.flatMap(Double.init) ?? 3
    let seeds = try seeds()
    var generator = SeededGenerator(seed)
    var (images, errors) = (0, 0)
    let start = ProcessInfo.processInfo.systemUptime
    while ProcessInfo.processInfo.systemUptime - start < seconds {
      var data = seeds.randomElement(using: &generator)!
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        mutate(&data, with: seeds, using: &generator)
      }
      // Else a PNG gets no further than its first checksum.
      if Bool.random(using: &generator) { mendChecksums(&data) }
      for policy in [OrientationPolicy.stored, .upright] {
        do throws(ImageError) {
          let decoded = try Image.decoded(
            data, name: "mutated", limits: DecodeLimits(pixels: 300_000, side: 65_535)
          ) { _ in policy }
          #expect((decoded.image.width, decoded.image.height) == decoded.header.size(policy))
          images += 1
        } catch {
          errors += 1
        }
      }
    }
    #expect(images > 0 && errors > 0)
  }

  private let seed: UInt64 = 20_260_729

  /// Small files of every kind, with and without an orientation.
  private func seeds() throws -> [Data] {
    let jpeg = Image.photo(40, 30).jpegData(quality: 70)
    let png = Image.photo(40, 30).pngData()
    var seeds = [jpeg, png]
    for orientation: UInt16 in [3, 6, 8] {
      for isLittle in [false, true] {
        let tag = tiff(orientation: orientation, littleEndian: isLittle)
        seeds.append(inserting(segment: 0xE1, Array("Exif\0\0".utf8) + tag, into: jpeg))
        let body = Data("eXIf".utf8) + tag
        let chunk = bigEndian(UInt32(tag.count)) + body + bigEndian(crc32(body))
        seeds.append(png.prefix(33) + chunk + png.dropFirst(33))
      }
    }
    return seeds + (try Goldens.load().files.map(\.file).filter { $0.count < 20_000 })
  }

  /// One change: of bits, of a byte, of a number, of a part, of the end, or a part of another file.
  private func mutate(
    _ data: inout Data, with seeds: [Data], using generator: inout SeededGenerator
  ) {
    guard data.count > 8 else { return }
    let at = Int.random(in: 0..<data.count, using: &generator)
    let length = Int.random(in: 1...min(64, data.count - at), using: &generator)
    switch Int.random(in: 0..<8, using: &generator) {
    case 0: data[at] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
    case 1: data[at] = [0, 1, 0x7F, 0x80, 0xFE, 0xFF].randomElement(using: &generator)!
    case 2:
      let number = [0, 1, 0x7FFF, 0xFFFF, 0x7FFF_FFFF, UInt32.max].randomElement(using: &generator)!
      for (index, byte) in bigEndian(number).enumerated() where at + index < data.count {
        data[at + index] = byte
      }
    case 3: data.removeSubrange(at..<at + length)
    case 4: data.insert(contentsOf: Array(data[at..<at + length]), at: at)
    case 5:
      let noise = (0..<length).map { _ in UInt8.random(in: 0...255, using: &generator) }
      data.replaceSubrange(at..<at + length, with: noise)
    case 6: data = Data(data.prefix(at))
    default:
      let other = seeds.randomElement(using: &generator)!
      let from = Int.random(in: 0..<other.count, using: &generator)
      data.replaceSubrange(at..<at + length, with: Array(other[from...].prefix(length)))
    }
  }

  /// Makes a PNG's checksums right again, as far as its chunks can be followed.
  private func mendChecksums(_ data: inout Data) {
    var at = 8
    while at + 12 <= data.count {
      let length = data[at..<at + 4].reduce(0) { $0 << 8 | Int($1) }
      guard length <= data.count - at - 12 else { return }
      let end = at + 8 + length
      data.replaceSubrange(end..<end + 4, with: bigEndian(crc32(Data(data[at + 4..<end]))))
      at = end + 4
    }
  }
}
