import Foundation
import Support
import TestSupport
import Testing

extension EndToEnd {
  /// Pages of finished detections.
  @Suite struct BrowseTests {
    private func browse(_ folder: String, _ more: String...) throws -> Outcome {
      try Vild(["browse", folder] + more).ended()
    }

    /// The text of a page, and what its script reads, as text.
    private func page(_ path: String) throws -> (text: String, names: String, crops: String) {
      let text = String(decoding: try Files.read(path), as: UTF8.self)
      func data(_ id: String) throws -> String {
        let start = try #require(text.range(of: "id=\"\(id)-data\">")).upperBound
        return String(
          text[start..<(try #require(text[start...].range(of: "</script>"))).lowerBound])
      }
      return (text, try data("names"), try data("crops"))
    }

    @Test func detectionsOfACorpus() throws {
      try withPlace { place in
        try place.copyFinished("detect")
        let (folder, output) = (try place.output("detect"), "\(place.folder)/a/browse.html")
        let before = place.files()
        let done = try browse(folder, "--corpus", "\(place.data)/val", "--output", output)
        #expect(done.status == 0 && done.output == "\(output)\n", "\(done.errors)")
        #expect(done.complaints.isEmpty && !done.errors.contains("warning"))
        #expect(done.messages.contains { $0.hasPrefix("4 images, 0 failed; ") })
        #expect(
          done.errors.contains("\"unit\":\"MB\"") && done.errors.contains("\"unit\":\"images\""))
        #expect(place.files() == before, "nothing of the stage changes")
        let page = try page(output)
        for name in World.categories { #expect(page.names.contains("[\"\(name)\",0.0,")) }
        // The pipeline draws all scores.
        #expect(page.text.contains("detections of score 0.00 or more"))
        #expect(page.text.ranges(of: "<figure class=\"scene\">").count == World.valImages)
        #expect(page.crops.ranges(of: ",\"\"]").count == page.crops.ranges(of: "\"/9j/").count)

        // The same again is the same to the last byte.
        let first = try Files.read(output)
        _ = try browse(
          "\(folder)/detections.jsonl", "--corpus", "\(place.data)/val", "--output", output)
        #expect(try self.page(output).crops == page.crops)
        _ = try browse(folder, "--corpus", "\(place.data)/val", "--output", output)
        #expect(try Files.read(output) == first)
      }
    }

    @Test func imagesInATarAndDetectionsOfAnEvaluation() throws {
      try withPlace { place in
        try place.copyFinished("detect", "evaluate")
        let tar = try ChildProcess(
          "/bin/tar", ["-C", "\(place.data)/val", "-cf", "\(place.folder)/val.tar", "."],
          environment: [:], output: .file("/dev/null"), errors: .file("/dev/null"))
        #expect(tar.wait().status == 0)
        func crops(_ stage: String, _ corpus: String...) throws -> String {
          let output = "\(place.folder)/browse.html"
          let done = try Vild(
            ["browse", place.output(stage), "--output", output, "--corpus"] + corpus
          ).ended()
          #expect(done.status == 0 && !done.errors.contains("warning"), "\(done.errors)")
          return try page(output).crops
        }
        let wanted = try crops("detect", "\(place.data)/val")
        #expect(try crops("detect", "\(place.folder)/val.tar") == wanted)
        #expect(
          try crops("detect", "\(place.data)/val.json", "--images", "\(place.data)/val") == wanted)
        #expect(try crops("evaluate", "\(place.data)/val").contains("\"/9j/"))
      }
    }

    @Test func thresholdsAndImagesThatAreGone() throws {
      try withPlace { place in
        try place.copyFinished("detect")
        let (folder, output) = (try place.output("detect"), "\(place.folder)/browse.html")
        try place.write(
          #"{"all": {"score": null}, "categories": {"red block": 0.25}}"#, to: "t.json")
        try FileManager.default.removeItem(atPath: "\(place.data)/val/102.jpg")
        let done = try browse(
          folder, "--corpus", "\(place.data)/val", "--output", output, "--thresholds",
          "\(place.folder)/t.json")
        #expect(done.status == 0, "\(done.errors)")
        #expect(
          done.messages.contains {
            $0.hasSuffix("has scores of 1 of 4 names; the others begin at no score")
          }, "\(done.messages)")
        #expect(
          done.messages.contains(
            "warning: 1 image is not shown, the first of them 102.jpg: cannot read (got No such file "
              + "or directory)"), "\(done.messages)")
        let page = try page(output)
        #expect(page.names.contains("[\"red block\",0.25,"))
        #expect(page.names.contains("[\"green block\",null,0,"))
        #expect(page.crops.contains("\"\",\"cannot read (got No such file or directory)\"]"))
        let given = try browse(
          folder, "--corpus", "\(place.data)/val", "--output", output, "--threshold", "0.5")
        #expect(given.status == 0)
        #expect(try self.page(output).text.contains("detections of score 0.5 or more"))
      }
    }

    @Test func refusals() throws {
      try withPlace { place in
        try place.copyFinished("detect")
        let folder = try place.output("detect")
        let val = "\(place.data)/val"
        let before = place.files()
        place.expect(
          try browse("\(place.folder)/none", "--corpus", val, "--output", "x.html"), status: 66,
          "HERE/none: no such folder (expected the folder of a 'vild detect' or 'vild evaluate')")
        place.expect(
          try browse(folder, "--corpus", "\(place.folder)/none", "--output", "x.html"), status: 66,
          "HERE/none: no such folder (expected the folder of the images)")
        place.expect(
          try browse(folder, "--corpus", val, "--output", "\(folder)/detections.json"), status: 73,
          "HERE/runs/tiny/detect-HASH/detections.json: the page would replace an output of the "
            + "stage; name another file or folder")
        place.expect(
          try browse(folder, "--corpus", val, "--output", place.data), status: 73,
          "HERE/data: the page cannot go here (expected a file, got a folder); name a file in it, "
            + "such as browse.html")
        let tooMuch = try browse(
          folder, "--corpus", val, "--output", "x.html", "--threshold", "2")
        #expect(tooMuch.status == 64 && tooMuch.errors.contains("--threshold: 0 to 1"))
        #expect(place.files() == before)
      }
    }
  }
}
