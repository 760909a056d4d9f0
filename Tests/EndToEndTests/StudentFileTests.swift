import Foundation
import Support
import Tensors
import TestSupport
import Testing

extension EndToEnd {
  /// Students that are not finished, or start from others.
  @Suite struct StudentFileTests {
    @Test func stopsAtAStepAndGoesOn() throws {
      try withPlace { place in
        try place.copyFinished("propose", "cache")
        let first = try place.run("distill", "--until-step", "3")
        #expect(first.status == 0 && first.complaints.isEmpty)
        let folder = try place.output("distill")
        #expect(
          first.messages.last == "stopped after 3 of 8 steps, as was asked for; without "
            + "--until-step the same command goes on: \(folder)")
        #expect(!Files.exists("\(folder)/student.safetensors"))
        #expect(try steps(of: folder) == [0, 1, 2])

        // The unfinished student can be looked at, which finishes nothing.
        let looked = try place.run("evaluate", "--student", folder)
        #expect(looked.status == 0 && looked.output.contains("\nnovel "), "\(looked.errors)")
        #expect(
          looked.messages.contains(
            "\(folder)/checkpoint.safetensors, after 3 steps of its training"))
        #expect(!Files.exists("\(folder)/student.safetensors"))
        let labelled = try place.run(
          "detect", "--corpus", "\(place.data)/val", "--classes", "cube", "--student",
          "\(folder)/checkpoint.safetensors")
        #expect(labelled.status == 0 && labelled.output.contains("detections.json"))

        #expect(try place.run("distill", "--until-step", "2").messages.last == first.messages.last)
        #expect(try place.run("distill").status == 0)
        try place.expectFinishedStudent()
      }
    }

    /// The finished student, given by its file, is the pipeline's own.
    @Test func aGivenStudentNeedsNoTraining() throws {
      try withPlace { place in
        let finished = try FinishedRun.shared.get()
        let student = try finished.place.output("distill") + "/student.safetensors"
        let outcome = try place.run("evaluate", "--student", student)
        #expect(outcome.status == 0 && outcome.complaints.isEmpty)
        let table = try #require(finished.outcomes["evaluate"]).output
        // Without proposals there is no recall of them.
        #expect(table.hasPrefix(outcome.output) && outcome.output.contains("\nall "))
        #expect(try FileManager.default.contentsOfDirectory(atPath: place.run).count == 1)
      }
    }

    /// One bit of the last weight.
    @Test func aDamagedStudentIsRefused() throws {
      try withPlace { place in
        try place.copyFinished("propose", "cache", "distill")
        var bytes = try Files.read(try place.output("distill") + "/student.safetensors")
        bytes[bytes.count - 4] ^= 1
        let path = "\(place.folder)/student.safetensors"
        try Files.write(bytes, to: path)
        let outcome = try place.run(
          "detect", "--corpus", "\(place.data)/val", "--student", path)
        #expect(outcome.status == 65 && outcome.complaints.count == 1, "\(outcome.errors)")
        let line = try #require(outcome.complaints.first)
        #expect(line.hasPrefix("vild: \(path): tensor 'model."), "\(line)")
        #expect(line.contains("does not have the checksum it was written with"), "\(line)")
        #expect(
          line.hasSuffix(
            "; remove the file, and 'vild distill' trains the student again, or bring it from a copy"
          ), "\(line)")
      }
    }

    /// The last weight of the file is no number.
    @Test func aStudentThatIsNotFiniteIsRefused() throws {
      try withPlace { place in
        try place.copyFinished("propose", "cache", "distill")
        let stored = try SafeTensorsFile(
          path: try place.output("distill") + "/student.safetensors")
        var tensors = try stored.names.map { (name: $0, value: try stored.tensor($0)) }
        tensors[tensors.count - 1].value.withMutableElements { $0[$0.count - 1] = .nan }
        let path = "\(place.folder)/student.safetensors"
        try SafeTensorsFile.write(tensors, metadata: stored.metadata, to: path)
        let outcome = try place.run(
          "detect", "--corpus", "\(place.data)/val", "--student", path)
        #expect(outcome.status == 65 && outcome.complaints.count == 1, "\(outcome.errors)")
        let line = try #require(outcome.complaints.first)
        #expect(line.hasPrefix("vild: \(path): tensor 'model.") && line.contains("is not finite"))
      }
    }

    /// A size in the file that no pipeline file may have.
    @Test func aStudentOfAnImpossibleSizeIsRefused() throws {
      try withPlace { place in
        try place.copyFinished("propose", "cache", "distill")
        let stored = try SafeTensorsFile(
          path: try place.output("distill") + "/student.safetensors")
        var metadata = stored.metadata
        let text = try #require(metadata["configuration"])
        metadata["configuration"] = text.replacing(
          /"coarsestLevel":\d+/, with: "\"coarsestLevel\":-1")
        #expect(metadata["configuration"] != text)
        let tensors = try stored.names.map { (name: $0, value: try stored.tensor($0)) }
        let path = "\(place.folder)/student.safetensors"
        try SafeTensorsFile.write(tensors, metadata: metadata, to: path)
        let outcome = try place.run(
          "detect", "--corpus", "\(place.data)/val", "--student", path)
        #expect(outcome.status == 65 && outcome.complaints.count == 1, "\(outcome.errors)")
        let line = try #require(outcome.complaints.first)
        #expect(line.hasPrefix("vild: \(path): ") && line.contains("coarsest_level"), "\(line)")
      }
    }

    @Test func trainsFromAStudent() throws {
      try withPlace { place in
        try place.copyFinished("propose", "cache", "distill")
        let finished = try place.output("distill")
        let outcome = try place.run("distill", "--from", finished, "--until-step", "1")
        #expect(outcome.status == 0 && outcome.complaints.isEmpty, "\(outcome.errors)")
        let folders = try FileManager.default.contentsOfDirectory(atPath: place.run)
          .filter { $0.hasPrefix("distill-") }
        #expect(folders.count == 2)
        let other = try #require(folders.first { !finished.hasSuffix($0) })
        func firstLoss(_ folder: String) throws -> Double {
          let lines = try Files.read("\(folder)/log.jsonl").split(separator: UInt8(ascii: "\n"))
          let losses = try lines.compactMap { line in
            try (JSONSerialization.jsonObject(with: line) as? [String: Any])?["loss"] as? Double
          }
          return try #require(losses.first)
        }
        // Eight steps have taught it something.
        #expect(try firstLoss("\(place.run)/\(other)") < firstLoss(finished))
        // From itself in training is another start than from the finished one.
        _ = try place.run(
          "distill", "--from", "\(place.run)/\(other)/checkpoint.safetensors", "--until-step", "1")
        let all = try FileManager.default.contentsOfDirectory(atPath: place.run)
        #expect(all.filter { $0.hasPrefix("distill-") }.count == 3)
      }
    }

    @Test func whatDoesNotFitIsRefused() throws {
      let finished = try FinishedRun.shared.get().place.output("distill")
      try withPlace { place in
        try FileManager.default.copyItem(
          atPath: "\(finished)/student.safetensors", toPath: "\(place.folder)/student.safetensors")
        try place.copyFinished("propose", "cache")
        func expect(
          _ status: Int32, _ line: String, _ more: String...,
          location: SourceLocation = #_sourceLocation
        ) throws {
          for command in more {
            let words = command.split(separator: " ").map(String.init)
            let outcome = try Vild(
              place.arguments(words[0], [words[1], "\(place.folder)/\(words[2])"])
            ).ended()
            place.expect(outcome, status: status, line, location: location)
          }
        }
        try expect(
          66, "HERE/no.safetensors: cannot read the weights (got No such file or directory)",
          "distill --from no.safetensors", "evaluate --student no.safetensors")
        try expect(
          66,
          "HERE/data: there is no student in this folder (expected student.safetensors or "
            + "checkpoint.safetensors)", "distill --from data", "evaluate --student data")
        let network = try place.output("proposal-network").dropFirst(place.folder.count + 1)
        try expect(
          65,
          "HERE/runs/tiny/proposal-network-HASH/proposal-network.safetensors: not the checkpoint of "
            + "a student (expected format vild-student, got vild-proposal network)",
          "evaluate --student \(network)/proposal-network.safetensors")

        try place.replace("channels: 16", with: "channels: 24", in: "pipeline.yaml")
        try place.replace("channels: 16", with: "channels: 24", in: "pipeline.yaml")
        let outcome = try place.run("distill", "--from", "\(place.folder)/student.safetensors")
        #expect(outcome.status == 65)
        #expect(
          outcome.complaints.last?.hasSuffix("its pyramid.channels is 16, the pipeline's 24")
            == true,
          "\(outcome.complaints)")
        // What describes itself can be used all the same.
        #expect(
          try place.run("evaluate", "--student", "\(place.folder)/student.safetensors").status == 0)
        try place.replace(
          "student:\n", with: "student:\n  method: vild_image\n", in: "pipeline.yaml")
        try expect(
          65,
          "HERE/student.safetensors: the student was trained by another method (expected "
            + "student.method vild_image, got vild); write student.method vild into the pipeline "
            + "file to use it", "evaluate --student student.safetensors")
        try place.replace("  method: vild_image\n", with: "", in: "pipeline.yaml")

        try place.write(
          #"{"base": ["red block", "yellow block"], "novel": ["green block"]}"#,
          to: "data/split.json")
        try expect(
          65,
          "HERE/student.safetensors: the student was trained on other base categories "
            + "(expected the 2 of the pipeline's split, got also 'green block', 'blue block', and "
            + "not 'yellow block')",
          "distill --from student.safetensors", "evaluate --student student.safetensors")

        try place.replace("thing 0", with: "thing zero", in: "data/teacher/imagenet_classes.json")
        let other = try place.run("evaluate", "--student", "\(place.folder)/student.safetensors")
        #expect(other.status == 65)
        #expect(other.complaints.last?.contains("taught by another teacher") == true)
      }
    }

    @Test func stepsAreCountedFromOne() throws {
      try withPlace { place in
        let outcome = try place.run("distill", "--until-step", "0")
        #expect(outcome.status == 64)
      }
    }
  }
}
