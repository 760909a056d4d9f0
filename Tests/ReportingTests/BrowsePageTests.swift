import Corpora
import Detection
import Foundation
import Images
import Regions
import Reporting
import Support
import TestSupport
import Testing

@Suite struct BrowsePageTests {
  @Test func aPageHasCountsCropsAndReasons() throws {
    try withTemporaryFolder { folder in
      let output = "\(folder)/page.html"
      let path = try BrowseSamples.write(12, to: folder)
      var (read, cut) = (0, 0)
      let summary = try BrowseSamples.page(path, in: folder).write(
        to: output,
        advance: { step in
          switch step {
          case .read(let bytes): read += bytes
          case .chosen(let images): #expect(images == 12)
          case .cut(let isMissing):
            cut += 1
            #expect(!isMissing)
          }
        })
      #expect(cut == 12 && read > 0 && read < Files.size(of: path)!, "all but the header")
      #expect(summary.images == 12 && summary.failures == 1 && summary.missing == 0)
      // Of each image the second score is just above the threshold, and the third below.
      #expect(summary.detections == 36 && summary.confident == 24 && summary.crops == 36)
      #expect(Files.size(of: output) == summary.bytes)

      let data = try BrowsedData(output)
      #expect(data.crops.count == 36)
      #expect(Set(data.crops.map(\.name)) == [0, 1, 2, 3, 4, 5])
      for crop in data.crops {
        // Which square it is, by its place; it is what the crop shows.
        let image = try Image.decode(crop.jpeg, name: "crop", orientation: .stored)
        let wanted = BrowseSamples.colors[(crop.box[0] - 5) / 30]
        let middle = image[image.width / 2, image.height / 2]
        #expect(abs(Int(middle.red) - Int(wanted.red)) < 25 && (23...27).contains(image.width))
        #expect(abs(Int(middle.blue) - Int(wanted.blue)) < 25)
        // All are among the best twelve.
        #expect(crop.kinds == (crop.score >= 0.5 ? 7 : 3))
      }
      // The images come in their order.
      #expect(data.crops.map { Int($0.image.dropLast(4))! } == (0..<36).map { $0 / 3 })
      #expect(data.text.contains("<td>1</td><td class=\"words\">no.jpg</td>"))
      #expect(data.text.ranges(of: "<figure class=\"scene\">").count == 12)
      #expect(data.text.contains("<code>vild &#39;a b&#39;</code>"))
    }
  }

  /// Whatever a name is, it is text: none begins an element, or ends one.
  @Test func hostileNamesAreText() throws {
    try withTemporaryFolder { folder in
      let output = "\(folder)/page.html"
      let path = try BrowseSamples.write(6, to: folder)
      _ = try BrowseSamples.page(path, in: folder).write(to: output)
      let data = try BrowsedData(output)
      #expect(Set(data.names.map { $0[0] as? String }) == Set(BrowseSamples.names))
      let bytes = Array(data.text.utf8)
      func count(_ text: String) -> Int {
        let wanted = Array(text.utf8)
        return bytes.indices.count { bytes[$0...].starts(with: wanted) }
      }
      #expect(count("<script") == 3 && count("</script") == 3)
      #expect(count("<!--") == 0 && count("onerror=\"") == 0 && count("<b>\u{202E}") == 0)
      #expect(data.text.contains("<h1>my &lt;photos&gt;</h1>"))
    }
  }

  @Test func imagesThatAreGoneOrChangedHaveAReason() throws {
    try withTemporaryFolder { folder in
      let output = "\(folder)/page.html"
      let path = try BrowseSamples.write(4, to: folder)
      try FileManager.default.removeItem(atPath: "\(folder)/1.jpg")
      try Files.write(Image(width: 90, height: 60).jpegData(), to: "\(folder)/2.jpg")
      let summary = try BrowseSamples.page(path, in: folder).write(to: output)
      #expect(summary.missing == 2 && summary.crops == 6)
      #expect(summary.firstMissing == "1.jpg: cannot read (got No such file or directory)")
      let data = try BrowsedData(output)
      for crop in data.crops {
        switch crop.image {
        case "1.jpg": #expect(crop.reason == "cannot read (got No such file or directory)")
        case "2.jpg": #expect(crop.reason == "the image was changed after its detection")
        default: #expect(crop.reason.isEmpty)
        }
        #expect(crop.jpeg.isEmpty == !crop.reason.isEmpty)
      }
      #expect(data.text.ranges(of: "<p class=\"unreadable\">").count == 2)
    }
  }

  /// Noise hardly becomes smaller, and names are as long as they like.
  @Test(arguments: [200_000, 500_000, 2_000_000]) func aPageKeepsItsBudget(bytes: Int) throws {
    try withTemporaryFolder { folder in
      let count = 400
      let names = (0..<count).map { "\($0) " + String(repeating: "<&猫\"", count: 500) }
      let path = "\(folder)/detections.jsonl"
      let writer = try DetectionFile.Writer(
        path: path, header: .init(fingerprint: "f", categories: names))
      var generator = SeededGenerator(seed: 5)
      for image in 0..<20 {
        let noise = (0..<160 * 160 * 3).map { _ in UInt8.random(in: 0...255, using: &generator) }
        let name = "\(image)" + String(repeating: "é<", count: 80) + ".png"
        try Files.write(
          Image(width: 160, height: 160, pixels: noise).pngData(), to: "\(folder)/\(name)")
        let found = (0..<40).map { index in
          Detection(
            box: Box(x0: 0, y0: 0, x1: 150, y1: 150), category: (40 * image + index) % count,
            score: 0.9 - Float(index) / 100)
        }
        try writer.append(
          .init(image: name, id: image, outcome: .detected(found, width: 160, height: 160)))
      }
      try writer.append(.init(image: "x", id: 99, outcome: .failed(reason: names[0])))
      try writer.sync()
      let output = "\(folder)/page.html"
      let page = BrowseSamples.page(
        path, in: folder, names: count, mostBytes: bytes)
      let summary = try page.write(to: output)
      #expect(summary.bytes == Files.size(of: output) && summary.bytes <= bytes)
      #expect(summary.bytes > bytes / 3, "room is used")
      let data = try BrowsedData(output)
      #expect(data.crops.count > 5 && data.crops.allSatisfy { !$0.jpeg.isEmpty })
      #expect(data.names.count > 40)
      #expect(data.names.allSatisfy { ($0[0] as? String)?.unicodeScalars.count == 121 })
      #expect(data.names.count == count || data.text.contains("more names have no room here"))
    }
  }

  @Test func theSameInputsGiveTheSameBytes() throws {
    try withTemporaryFolder { folder in
      let path = try BrowseSamples.write(12, to: folder)
      let pages = try (0..<2).map { number in
        _ = try BrowseSamples.page(path, in: folder).write(to: "\(folder)/\(number).html")
        return try Files.read("\(folder)/\(number).html")
      }
      #expect(pages[0] == pages[1])
    }
  }

  @Test func nothingIsDetectedOrShown() throws {
    try withTemporaryFolder { folder in
      let path = "\(folder)/detections.jsonl"
      let writer = try DetectionFile.Writer(
        path: path, header: .init(fingerprint: "f", categories: ["cat"]))
      try writer.append(.init(image: "a", id: 1, outcome: .detected([], width: 5, height: 5)))
      try writer.sync()
      let output = "\(folder)/page.html"
      let page = BrowseSamples.page(path, in: folder, names: 1)
      let summary = try page.write(to: output)
      #expect(summary.images == 1 && summary.detections == 0 && summary.crops == 0)
      #expect(try BrowsedData(output).names.count == 1)
      // What refuses it leaves the page that is there.
      let before = try Files.read(output)
      let error = InputError(.tryAgain, "changed")
      #expect(throws: error) { try page.write(to: output, isSound: { throw error }) }
      #expect(try Files.read(output) == before)
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == [
          "detections.jsonl", "page.html",
        ])
    }
  }
}
