import Detection
import Foundation
import Support
import TestSupport
import Testing

extension EndToEnd {
  /// Wrong images and names given to `detect`: refused before anything is trained, but for single
  /// images, which become rows.
  @Suite struct BadCorpusTests {
    /// Runs `detect` where nothing has run yet and expects it to refuse.
    private func expectRefusal(
      corpus: String? = nil, classes: String? = nil, status: Int32, _ line: String,
      prepare: (Place) throws -> Void = { _ in }, location: SourceLocation = #_sourceLocation
    ) throws {
      try withPlace { place in
        try prepare(place)
        var arguments = ["--corpus", "\(place.folder)/\(corpus ?? "data/val")"]
        if let classes { arguments += ["--classes", classes] }
        let outcome = try Vild(place.arguments("detect", arguments)).ended()
        place.expect(outcome, status: status, line, location: location)
        #expect(
          place.files().keys.allSatisfy { $0.hasPrefix(".text/") }, "\(place.files().keys)",
          sourceLocation: location)
      }
    }

    @Test func missingFolder() throws {
      try expectRefusal(
        corpus: "nowhere", status: 66,
        "HERE/nowhere: cannot read the images (got No such file or directory)")
    }

    @Test func file() throws {
      try expectRefusal(
        corpus: "data/val.json", status: 64,
        "HERE/data/val.json: annotations do not say where their images are; "
          + "give the folder with --images")
    }

    @Test func emptyFolder() throws {
      try expectRefusal(
        corpus: "empty", status: 66,
        "HERE/empty: no images (expected files ending in gif, jfif, jpe, jpeg, jpg, png, webp)"
      ) { try Files.createFolder("\($0.folder)/empty") }
    }

    @Test func nameGivenTwice() throws {
      try expectRefusal(
        classes: "red block;lamp;Lamp", status: 65,
        "the vocabulary 'red block;lamp;Lamp': name 3: a category name is given twice (got 'Lamp'); "
          + "the first is at the vocabulary 'red block;lamp;Lamp': name 2")
    }

    @Test func nameGivenTwiceInAFile() throws {
      try withTemporaryFolder { folder in
        try Files.write(Data("# mine\nlamp\n\nlamp\n".utf8), to: "\(folder)/names.txt")
        try expectRefusal(
          classes: "\(folder)/names.txt", status: 65,
          "\(folder)/names.txt line 4: a category name is given twice (got 'lamp'); "
            + "the first is at \(folder)/names.txt line 2")
      }
    }

    @Test func fileOfNamesThatIsNotThere() throws {
      try expectRefusal(
        classes: "lists/names.txt", status: 66,
        "lists/names.txt: no such file of names (expected names between semicolons, or a file of "
          + "names); for a category called so write 'lists/names.txt;'")
    }

    /// How many names were understood, which, and that two of them are one to the teacher.
    @Test func namesAreSaid() throws {
      try withPlace { place in
        try place.copyFinished("propose", "cache", "distill")
        try place.write(#"{"1": "red  block", "0": "red block"}"#, to: "names.json")
        let path = "\(place.folder)/names.json"
        let outcome = try place.run(
          "detect", "--corpus", "\(place.data)/val", "--classes", path, "--no-pictures")
        #expect(outcome.status == 0 && outcome.complaints.isEmpty, "\(outcome.errors)")
        #expect(outcome.messages.contains("2 names from \(path): red block, red  block"))
        #expect(
          outcome.messages.contains(
            "'red block' and 'red  block' are hard to tell apart, their cosine is 1.000"))
      }
    }

    @Test func overLongName() throws {
      let name = String(repeating: "x", count: 201)
      try expectRefusal(
        classes: name, status: 65,
        "the vocabulary '\(name.prefix(60))': name 1: a category name is too long "
          + "(expected at most 200 characters, got 201: '\(name.prefix(40))...')")
    }

    @Test func nameTooLongForTheTextTower() throws {
      let name = String(repeating: "q", count: 50)
      try expectRefusal(
        classes: name, status: 65,
        "category '\(name)' is too long for the text tower (expected at most 40 tokens in a "
          + "prompt, got 57)")
    }

    @Test func oneCorruptImage() throws {
      try withPlace { place in
        try place.copyFinished("propose", "cache", "distill")
        try place.write("no picture", to: "data/val/103.jpg")
        let outcome = try FinishedRun.run("detect", in: place)
        #expect(outcome.status == 0 && outcome.complaints.isEmpty)
        #expect(outcome.messages.contains { $0.hasPrefix("skipped \(place.data)/val/103.jpg: ") })
        #expect(outcome.messages.contains("3 images, 30 detections, 1 failed"))
        let reader = try DetectionFile.Reader(
          path: "\(place.output("detect"))/detections.jsonl")
        var failed: [String] = []
        while let row = try reader.next() {
          if case .failed = row.outcome { failed.append(row.image) }
        }
        #expect(failed == ["103.jpg"])
      }
    }
  }
}
