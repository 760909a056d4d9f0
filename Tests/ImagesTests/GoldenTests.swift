import Foundation
import Images
import Regions
import TestSupport
import Testing

/// What Pillow gave; see Goldens/make_goldens.py.
struct Goldens: Decodable {
  struct File: Decodable {
    let name: String
    let file: Data
    let width, height: Int
    let pixels: Data
  }
  struct Source: Decodable {
    let width, height: Int
    let pixels: Data
  }
  struct Resize: Decodable {
    let source: Int
    let box: [Int]
    let width, height: Int
    let filter: String
    let pixels: Data
  }

  let files: [File]
  let sources: [Source]
  let resizes: [Resize]

  static func load() throws -> Goldens {
    let data = try Data(contentsOf: URL(filePath: fixture("Goldens/goldens.json")))
    return try JSONDecoder().decode(Goldens.self, from: data)
  }
}

@Suite struct GoldenTests {
  @Test func decodesEveryKindAsPillow() throws {
    let files = try Goldens.load().files
    #expect(files.count == 26)
    for golden in files {
      let image = try Image.decode(golden.file, name: golden.name, orientation: .stored)
      let expected = Image(
        width: golden.width, height: golden.height, pixels: Array(golden.pixels))
      // JPEG's and WebP's may differ with the version of the library, halves of what is seen through
      // with the rounding.
      let isLossy = golden.name.hasSuffix(".jpg") || golden.name.contains("lossy")
      let isRounded = golden.name.hasSuffix("-alpha.webp")
      let tolerance = golden.name == "cmyk.jpg" ? 2 : isLossy || isRounded ? 1 : 0
      let distance = try #require(image.distance(to: expected), "\(golden.name)")
      #expect(distance <= tolerance, "\(golden.name)")
    }
  }

  @Test func theOrientationOfAWebPIsRead() throws {
    for golden in try Goldens.load().files where golden.name.hasSuffix(".webp") {
      let header = try ImageHeader(golden.file, name: golden.name)
      #expect(header.orientation == (golden.name == "turned.webp" ? .quarterClockwise : .upright))
      #expect(header.size(.stored) == (golden.width, golden.height))
    }
  }

  @Test func resizesExactlyAsPillow() throws {
    let goldens = try Goldens.load()
    #expect(goldens.resizes.count == 68)
    for golden in goldens.resizes {
      let source = goldens.sources[golden.source]
      let image = Image(
        width: source.width, height: source.height, pixels: Array(source.pixels))
      let box = golden.box
      let result = image.resizedCrop(
        PixelRect(x0: box[0], y0: box[1], x1: box[2], y1: box[3]), width: golden.width,
        height: golden.height, filter: try #require(ResizeFilter(rawValue: golden.filter)))
      #expect(
        result.pixels == Array(golden.pixels),
        "\(golden.filter) \(box) to \(golden.width)x\(golden.height)")
    }
  }
}
