import Detection
import Foundation
import Support
import TestSupport
import Testing

extension EndToEnd {
  /// The same four images as a folder, a list, tar files and annotations: the same detections.
  @Suite struct CorpusFormsTests {
    /// What was found, by the names of the files alone.
    private func found(_ place: Place) throws -> [String: DetectionFile.Outcome] {
      let output = try place.output("detect")
      let reader = try DetectionFile.Reader(path: "\(output)/detections.jsonl")
      var found: [String: DetectionFile.Outcome] = [:]
      while let row = try reader.next() { found[PathText.name(of: row.image)] = row.outcome }
      return found
    }

    private func withWanted(
      _ body: (Place, _ wanted: [String: DetectionFile.Outcome]) throws -> Void
    ) throws {
      let wanted = try found(FinishedRun.shared.get().place)
      try #require(wanted.count == 4)
      try withPlace { place in
        try place.copyFinished("propose", "cache", "distill")
        try body(place, wanted)
      }
    }

    private func detect(_ place: Place, _ more: [String], shell: String? = nil) throws -> Outcome {
      let outcome = try Vild(place.arguments("detect", more), shell: shell).ended()
      #expect(outcome.status == 0, "\(outcome.errors)")
      return outcome
    }

    @Test func aListThatGrows() throws {
      try withWanted { place, wanted in
        let list = "\(place.folder)/list.txt"
        try place.write("data/val/101.jpg\ndata/val/103.jpg\n", to: "list.txt")
        _ = try detect(place, ["--corpus", list])
        #expect(try found(place) == wanted.filter { ["101.jpg", "103.jpg"].contains($0.key) })
        try place.write(
          "data/val/104.jpg\n\(place.data)/val/102.jpg\ndata/val/101.jpg\n", to: "list.txt")
        let again = try detect(place, ["--corpus", list])
        #expect(
          again.messages.contains(
            "2 of 3 images are to be looked at; the others are as they were"))
        #expect(try found(place) == wanted.filter { $0.key != "103.jpg" })
        #expect(try detect(place, ["--corpus", list]).errors.contains("up to date: "))
      }
    }

    @Test func aListOnStandardInput() throws {
      try withWanted { place, wanted in
        _ = try detect(
          place, ["--corpus", "-"],
          shell: "find '\(place.data)/val' -name '*.jpg' -print0 | \"$0\" \"$@\"")
        #expect(try found(place) == wanted)
      }
    }

    @Test func tarFiles() throws {
      try withWanted { place, wanted in
        let folder = "\(place.folder)/shards"
        try Files.createFolder(folder)
        for (index, names) in [["101.jpg", "102.jpg"], ["103.jpg", "104.jpg"]].enumerated() {
          let tar = try ChildProcess(
            "/bin/tar", ["-C", "\(place.data)/val", "-cf", "\(folder)/0\(index).tar"] + names,
            environment: [:], output: .file("/dev/null"), errors: .file("/dev/null"))
          #expect(tar.wait().status == 0)
        }
        _ = try detect(place, ["--corpus", "\(folder)/{00..01}.tar"])
        #expect(try found(place) == wanted)
        #expect(Files.exists("\(try place.output("detect"))/pictures/101.jpg"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder).count == 2)
        // One that is replaced by a cut one: ten bytes of its second image are left.
        let first = try #require(Files.size(of: "\(place.data)/val/103.jpg"))
        let second = 512 + (first + 511) / 512 * 512
        try place.write(
          Files.read("\(folder)/01.tar").prefix(second + 512 + 10), toOld: "\(folder)/01.tar")
        let cut = try detect(place, ["--corpus", "\(folder)/{00..01}.tar"])
        #expect(cut.messages.contains { $0.contains("the tar is cut off within it") })
      }
    }

    @Test func annotations() throws {
      try withWanted { place, wanted in
        _ = try detect(
          place, ["--corpus", "\(place.data)/val.json", "--images", "\(place.data)/val"])
        #expect(try found(place) == wanted)
        let images = String(
          decoding: try Files.read("\(place.output("detect"))/images.json"), as: UTF8.self)
        #expect(images.contains(#"{"id":101,"file_name":"101.jpg""#))
      }
    }
  }
}
