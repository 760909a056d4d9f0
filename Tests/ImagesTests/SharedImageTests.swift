import Foundation
import Images
import TestSupport
import Testing

/// Development data outside the repository.
@Suite struct SharedImageTests {
  private struct Expectation: Decodable {
    let result: String
    let width, height, exif_orientation: Int?
  }

  @Test(.enabled(if: Shared.has("images-awkward/expected.json")))
  func awkwardFilesGiveWhatIsExpected() throws {
    let folder = Shared.path("images-awkward")
    let list = try Data(contentsOf: URL(filePath: "\(folder)/expected.json"))
    let expectations = try JSONDecoder().decode([String: Expectation].self, from: list)
    for (name, expected) in expectations {
      let path = "\(folder)/\(name)"
      if expected.result == "error" {
        let error = #expect(throws: ImageError.self, "\(name)") {
          try Image.read(path, orientation: .stored)
        }
        #expect(error?.description.contains(name) == true)
        if name.hasPrefix("bomb") { #expect(error?.reason == .tooLarge) }
        continue
      }
      let image = try Image.read(path, orientation: .stored)
      #expect(image.width == expected.width, "\(name)")
      #expect(image.height == expected.height, "\(name)")
      let header = try ImageHeader.read(path)
      #expect(header.orientation.rawValue == expected.exif_orientation ?? 1, "\(name)")
    }
  }

  /// All pixels are there, whatever stands beside them.
  @Test(.enabled(if: Shared.has("cases/images")))
  func reportedFilesAreWhole() throws {
    for (name, plain) in [
      ("j_extraneous_before_eoi.jpg", "a_plain.jpg"),
      ("j_zero_padding_before_eoi.jpg", "a_plain.jpg"),
      ("p_no_iend.png", "a_plain.png"),
    ] {
      let expected = try Image.read(Shared.path("cases/images/\(plain)"), orientation: .stored)
      let path = Shared.path("cases/images/\(name)")
      #expect(try Image.read(path, orientation: .stored) == expected, "\(name)")
    }
  }

  @Test(.enabled(if: Shared.has("real/coco-mini/images/val")))
  func photographsDecode() throws {
    let folder = Shared.path("real/coco-mini/images/val")
    let names = try FileManager.default.contentsOfDirectory(atPath: folder)
    #expect(!names.isEmpty)
    for name in names {
      let image = try Image.read("\(folder)/\(name)", orientation: .stored)
      let header = try ImageHeader.read("\(folder)/\(name)")
      #expect((image.width, image.height) == (header.width, header.height))
    }
  }
}
