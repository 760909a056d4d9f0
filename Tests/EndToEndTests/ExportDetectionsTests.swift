import Datasets
import Foundation
import Support
import TestSupport
import Testing

extension EndToEnd {
  /// Finished detections handed on to other programs.
  @Suite struct ExportDetectionsTests {
    private func export(_ folder: String, _ more: String...) throws -> Outcome {
      try Vild(["export", "detections", folder] + more).ended()
    }

    @Test func detectionsOfAnEvaluationHaveTheDataSetsIDs() throws {
      try withPlace { place in
        try place.copyFinished("evaluate")
        let output = "\(place.folder)/labels.json"
        let before = place.files()
        let done = try export(
          place.output("evaluate"), "--format", "coco", "--output", output, "--top", "2")
        #expect(done.status == 0 && done.output == "\(output)\n", "\(done.errors)")
        #expect(done.messages.contains { $0.hasPrefix("4 images; 8 detections from score ") })
        #expect(done.messages.contains { $0.hasPrefix("all scores are there; --threshold") })
        let labels = try COCODataset(path: output)
        let truth = try COCODataset(path: "\(place.data)/val.json")
        #expect(labels.images.map(\.id) == truth.images.map(\.id))
        #expect(labels.categories.map(\.name) == truth.categories.map(\.name))
        #expect(labels.annotations.count == 8)
        #expect(place.files() == before, "nothing of the stage changes")
      }
    }

    @Test func thresholdsAndFolders() throws {
      try withPlace { place in
        try place.copyFinished("detect")
        try place.write(#"{"all": 1, "categories": {"red block": 0}}"#, to: "t.json")
        let output = "\(place.folder)/yolo"
        for _ in 0..<2 {
          let done = try export(
            place.output("detect"), "--format", "yolo", "--output", output, "--thresholds",
            "\(place.folder)/t.json", "--images", "\(place.data)/val")
          #expect(done.status == 0, "\(done.errors)")
          #expect(
            done.messages.contains {
              $0.hasSuffix("has scores of 1 of 4 names; the others begin at 1.0")
            }, "\(done.messages)")
        }
        #expect(Files.exists("\(output)/images/101.jpg"))
        let lines = try (101...104).flatMap {
          String(decoding: try Files.read("\(output)/labels/\($0).txt"), as: UTF8.self)
            .split(separator: "\n")
        }
        #expect(lines.allSatisfy { $0.hasPrefix("0 ") })
      }
    }

    @Test func chosenThresholdsAreRead() throws {
      try withPlace { place in
        try place.copyFinished("propose", "cache", "distill", "evaluate", "detect")
        let path = "\(place.folder)/thresholds.json"
        let chosen = try place.run(
          "evaluate", "--choose-thresholds", "recall=0.01", "--thresholds", path)
        #expect(chosen.status == 0, "\(chosen.errors)")
        #expect(chosen.messages.last == "wrote \(path)")
        let table = try place.run("evaluate")
        #expect(chosen.output == table.output)
        // By the files alone the same.
        let again = "\(place.folder)/again.json"
        let ofFiles = try Vild.run(
          "evaluate", "--detections", "\(place.output("evaluate"))/detections.json",
          "--annotations", "\(place.data)/val.json", "--choose-thresholds", "recall=0.01",
          "--thresholds", again)
        #expect(ofFiles.status == 0, "\(ofFiles.errors)")
        #expect(try Files.read(again) == Files.read(path))
        // One of the files that detect prints will do for their folder.
        let exported = try export(
          "\(place.output("detect"))/detections.json", "--format", "csv", "--output",
          "\(place.folder)/t.csv",
          "--thresholds", path)
        #expect(exported.status == 0, "\(exported.errors)")
        let wrong = try place.run(
          "evaluate", "--choose-thresholds", "precision", "--thresholds", path)
        #expect(wrong.status == 64 && wrong.errors.contains("precision=SHARE or recall=SHARE"))
        #expect(try place.run("evaluate", "--choose-thresholds", "f1").status == 64)
      }
    }

    @Test func refusals() throws {
      try withPlace { place in
        try place.copyFinished("detect", "distill")
        let folder = try place.output("detect")
        func refuse(
          _ folder: String, _ status: Int32, _ line: String, _ output: String, _ format: String
        ) throws {
          let before = place.files()
          place.expect(
            try export(folder, "--format", format, "--output", output), status: status, line)
          #expect(place.files() == before)
        }
        try refuse(
          "\(place.folder)/none", 66,
          "HERE/none: no such folder (expected the folder of a 'vild detect' or 'vild evaluate')",
          "x.json", "coco")
        let distill = try place.output("distill")
        try refuse(
          distill, 66,
          "HERE/runs/tiny/distill-HASH: no finished detections here (expected the folder of a "
            + "'vild detect' or 'vild evaluate' that has ended); run that command again; it "
            + "continues where it was", "x.json", "coco")
        try refuse(
          folder, 73,
          "HERE/runs/tiny/detect-HASH/detections.json: the export would replace an output of the "
            + "stage; name another file or folder", "\(folder)/detections.json", "coco")
        try refuse(
          folder, 73,
          "HERE/data: the folder has other files; name a folder that is empty, not there, or an "
            + "earlier export", place.data, "yolo")
        let wrong = try export(
          folder, "--format", "coco", "--output", "x.json", "--images", place.data)
        #expect(wrong.status == 64 && wrong.errors.contains("--images goes with yolo"))
        let tooMuch = try export(
          folder, "--format", "coco", "--output", "x.json", "--threshold", "2")
        #expect(tooMuch.status == 64 && tooMuch.errors.contains("--threshold: 0 to 1"))
      }
    }
  }
}
