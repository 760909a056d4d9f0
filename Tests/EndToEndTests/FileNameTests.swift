import Datasets
import Detection
import Foundation
import Images
import Support
import TestSupport
import Testing

extension EndToEnd {
  /// Corpora with the names and files that people have: an image costs its row, and nothing else.
  @Suite struct FileNameTests {
    private func rows(_ place: Place) throws -> [DetectionFile.Row] {
      let reader = try DetectionFile.Reader(path: "\(place.output("detect"))/detections.jsonl")
      var rows: [DetectionFile.Row] = []
      while let row = try reader.next() { rows.append(row) }
      return rows
    }

    @Test func everyImageHasItsRowAndItsPicture() throws {
      try withPlace { place in
        try place.copyFinished("propose", "cache", "distill")
        let jpeg = try Files.read("\(place.data)/val/101.jpg")
        let png = Image(width: 40, height: 30, filledWith: Color(90, 200, 10)).pngData()
        let corpus = "\(place.folder)/corpus"
        try Files.createFolder("\(corpus)/\u{301}in")
        let long = String(repeating: "n", count: 248) + ".png"
        let names = [
          "pair.png", "pair.png.jpg", "\u{301}in/\u{FE0F}a.jpg", "photo.jfif", "wrong.webp", long,
          "caf\u{E9}.jpg", "cafe\u{301}.jpg", PathText.text(of: [0x63, 0xE9] + Array(".jpg".utf8)),
          PathText.text(of: [0x63, 0xE8] + Array(".jpg".utf8)),
        ]
        for name in names {
          try Files.write(name.hasSuffix(".png") ? png : jpeg, to: "\(corpus)/\(name)")
        }
        try Files.write(Data("....ftypheic....".utf8), to: "\(corpus)/right.heic")
        try Files.write(Data("<svg/>".utf8), to: "\(corpus)/drawing.svg")
        try Files.write(png.dropLast(12), to: "\(corpus)/noend.png")

        let outcome = try place.run("detect", "--corpus", corpus)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.messages.contains("left out, not read here: 1 .svg"))
        #expect(
          outcome.messages.contains(
            "1 image is odd, with all its pixels: noend.png is a png with an early end"))
        let rows = try rows(place)
        #expect(
          Set(rows.map { PathText.bytes(of: $0.image) })
            == Set((names + ["noend.png", "right.heic"]).map { PathText.bytes(of: $0) }))
        for row in rows where row.image == "right.heic" {
          guard case .failed(let reason) = row.outcome else {
            Issue.record("a HEIC is read")
            continue
          }
          #expect(reason.hasSuffix("(expected a JPEG, PNG, WebP or GIF, got a HEIC)"))
        }
        for row in rows where row.image != "right.heic" {
          guard case .detected = row.outcome else {
            Issue.record("\(row.image) failed")
            continue
          }
          #expect((row.note != nil) == (row.image == "noend.png"))
        }
        let pictures = try Corpus(folder: "\(place.output("detect"))/pictures").files
        #expect(pictures.count == names.count + 1)
        #expect(pictures.contains("pair.png.jpg") && pictures.contains("pair.png.2.jpg"))
      }
    }

    @Test func aPictureThatIsTooWideIsARow() throws {
      try withPlace { place in
        try place.copyFinished("propose", "cache", "distill")
        let corpus = "\(place.folder)/corpus"
        try Files.createFolder(corpus)
        let wide = Image(width: 65_510, height: 2, filledWith: Color(90, 200, 10))
        try Files.write(wide.pngData(), to: "\(corpus)/wide.png")
        try Files.write(Files.read("\(place.data)/val/101.jpg"), to: "\(corpus)/z.jpg")
        let outcome = try place.run("detect", "--corpus", corpus)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.messages.contains { $0.hasPrefix("no picture: ") })
        let folder = try place.output("detect")
        #expect(try Corpus(folder: "\(folder)/pictures").files == ["z.jpg"])
        let summary = try JSONSerialization.jsonObject(with: Files.read("\(folder)/summary.json"))
        let missing = try #require((summary as? [String: Any])?["unpictured"] as? [[String: Any]])
        #expect(missing.map { $0["image"] as? String } == ["wide.png"])
      }
    }

    @Test func theLimitOfPixelsIsAKey() throws {
      try withPlace { place in
        try place.copyFinished("propose", "cache", "distill")
        try place.replace(
          "  split: split.json", with: "  split: split.json\n  pixel_limit: 6912",
          in: "pipeline.yaml")
        let corpus = "\(place.folder)/corpus"
        try Files.createFolder(corpus)
        try Files.write(Files.read("\(place.data)/val/101.jpg"), to: "\(corpus)/a.jpg")
        let large = Image(width: 96, height: 73, filledWith: Color(90, 200, 10))
        try Files.write(large.jpegData(), to: "\(corpus)/b.jpg")
        let outcome = try place.run("detect", "--corpus", corpus)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(
          outcome.messages.contains(
            "skipped \(corpus)/b.jpg: the image is too large (expected at most 6912 pixels, got "
              + "96x73)"))
      }
    }
  }
}
