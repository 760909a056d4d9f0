import Foundation
import Support
import TestSupport
import Testing

extension EndToEnd {
  /// `vild verify` names what is not what was written, and what makes it again.
  @Suite struct VerifyTests {
    @Test func aFinishedRunIsSound() throws {
      let place = try FinishedRun.shared.get().place
      for folder in [place.run, place.runs, try place.output("distill"), try place.cache()] {
        for more in [[], ["--full"]] {
          let outcome = try Vild(["verify", folder] + more).ended()
          #expect(outcome.status == 0 && outcome.complaints.isEmpty, "\(outcome.errors)")
          #expect(outcome.output == "\(folder): sound\n")
        }
      }
      let missing = try Vild.run("verify", "\(place.runs)/nowhere")
      place.expect(
        missing, status: 66,
        "HERE/runs/nowhere: no such folder (expected the folder of a run)")
    }

    /// All members that `schemas/stage.schema.json` requires, and none that it does not know.
    @Test(arguments: ["detect", "distill", "propose", "report"])
    func theRecordFitsItsSchema(stage: String) throws {
      func object(_ path: String) throws -> [String: Any] {
        try #require(
          try JSONSerialization.jsonObject(with: Files.read(path)) as? [String: Any])
      }
      func members(_ schema: [String: Any]) throws -> Set<String> {
        let known = try #require(schema["properties"] as? [String: Any])
        let required = try #require(schema["required"] as? [String])
        #expect(Set(known.keys) == Set(required))
        return Set(known.keys)
      }
      let schema = try object(fixture("../../schemas/stage.schema.json"))
      let record = try object("\(FinishedRun.shared.get().place.output(stage))/stage.json")
      #expect(try Set(record.keys) == members(schema))
      #expect(record["stage"] as? String == stage && record["version"] as? Int == 2)
      let kinds = try #require(schema["properties"] as? [String: [String: Any]])
      let output = try #require(kinds["outputs"]?["additionalProperties"] as? [String: Any])
      let outputs = try #require(record["outputs"] as? [String: [String: Any]])
      #expect(outputs["pipeline.yaml"] != nil && outputs.count > 1)
      for found in outputs.values { #expect(try Set(found.keys) == members(output)) }
    }

    @Test func problemsAreNamedWithTheCure() throws {
      try withPlace { place in
        try place.copyFinished("propose", "cache", "distill", "detect")
        let (student, detect) = (try place.output("distill"), try place.output("detect"))
        try flip("\"image_id\":2,", in: "\(try place.output("propose"))/train.jsonl")
        try FileManager.default.removeItem(atPath: "\(student)/curves.svg")
        try FileManager.default.removeItem(atPath: "\(detect)/stage-copy.json")
        try flip(bit: 801, in: "\(detect)/pictures/103.jpg")
        let quick = try Vild.run("verify", place.run)
        // A small file is read whatever its time is, but for the pictures.
        #expect(quick.status == 65)
        #expect(quick.output.split(separator: "\n").count == 3, "\(quick.output)")
        let full = try Vild.run("verify", place.run, "--full")
        place.expect(
          full, status: 65,
          "4 of the outputs are not what was written; each line above says what makes it again")
        let lines = full.output.replacingOccurrences(of: place.run, with: "RUN")
          .replacingOccurrences(of: "-[0-9a-f]{12}/", with: "-HASH/", options: .regularExpression)
          .replacingOccurrences(of: "[0-9a-f]{32}", with: "XXH3", options: .regularExpression)
        let damaged = "does not have the checksum it was written with (expected XXH3, got XXH3)"
        func made(by verb: String) -> String {
          "; remove it, and the same 'vild \(verb)' makes it again"
        }
        let missing =
          "the record of a finished stage is missing; the stage's command writes it again"
        let expected: [String] = [
          "RUN/detect-HASH/stage-copy.json: \(missing)",
          "RUN/detect-HASH/pictures/103.jpg: \(damaged)\(made(by: "detect"))",
          "RUN/distill-HASH/curves.svg: an output is missing\(made(by: "distill"))",
          "RUN/propose-HASH/train.jsonl line 3: \(damaged)\(made(by: "propose"))",
        ]
        #expect(lines.split(separator: "\n").map(String.init) == expected)
      }
    }

    /// What has not finished, and what nobody recorded, is said.
    @Test func unfinishedAndUnknown() throws {
      try withPlace { place in
        try place.copyFinished("propose", "cache")
        #expect(try place.run("distill", "--until-step", "1").status == 0)
        try Files.createFolder("\(place.run)/notes")
        let propose = try place.output("propose")
        try Files.write(Data("mine".utf8), to: "\(propose)/mine.txt")
        let outcome = try Vild.run("verify", place.run, "--full")
        #expect(outcome.status == 0, "\(outcome.output)")
        #expect(
          try outcome.output == """
            \(place.output("distill")): not finished
            \(place.run)/notes: not a stage's; not looked at
            \(propose)/mine.txt: not recorded; not looked at
            \(place.run): sound

            """)
      }
    }

    // MARK: - What stages do about it

    private let steps = "\"unit\":\"steps\""

    /// Either of the records proves that the outputs are whole.
    @Test(arguments: ["stage.json", "stage-copy.json"])
    func aLostRecordTrainsNothing(name: String) throws {
      try withPlace { place in
        try place.copyFinished("propose", "cache", "distill")
        let record = "\(try place.output("distill"))/\(name)"
        let whole = try Files.read(record)
        let damages: [() throws -> Void] = [
          { try FileManager.default.removeItem(atPath: record) },
          { try flip("outputs", in: record) },
        ]
        for damage in damages {
          try damage()
          let outcome = try place.run("distill")
          #expect(outcome.status == 0 && !outcome.errors.contains(steps), "\(outcome.errors)")
          #expect(outcome.messages.last?.hasSuffix("and it is written again") == true)
          #expect(try Files.read(record) == whole)
          #expect(try place.run("distill").messages.last?.hasPrefix("up to date: ") == true)
        }
      }
    }

    @Test func aDamagedLogTrainsNothing() throws {
      try withPlace { place in
        try place.copyFinished("propose", "cache", "distill")
        let folder = try place.output("distill")
        try flip("\"step\":3,", in: "\(folder)/log.jsonl")
        let outcome = try place.run("distill")
        #expect(outcome.status == 0 && !outcome.errors.contains(steps), "\(outcome.errors)")
        #expect(
          outcome.messages.contains {
            $0.hasPrefix("\(folder)/log.jsonl line ") && $0.hasSuffix(" and is left out")
          }, "\(outcome.errors)")
        #expect(outcome.messages.last?.hasSuffix("is whole; nothing is trained again") == true)
        #expect(try EndToEndTests.steps(of: folder) == [0, 1, 2, 4, 5, 6, 7])
        #expect(try Vild.run("verify", folder, "--full").output == "\(folder): sound\n")
      }
    }

    /// Its time is another, too, as when somebody wrote into it.
    @Test func aDamagedStudentIsTrainedAgain() throws {
      try withPlace { place in
        try place.copyFinished("propose", "cache", "distill")
        let student = "\(try place.output("distill"))/student.safetensors"
        let whole = try Files.read(student)
        try flip(bit: whole.count * 4, in: student)
        try place.setTime(of: student, secondsAgo: 100)
        let outcome = try place.run("distill")
        #expect(outcome.status == 0 && outcome.errors.contains(steps))
        #expect(
          outcome.messages.contains {
            $0.hasPrefix("\(student): does not have the checksum it was written with")
              && $0.hasSuffix("; it is made again")
          }, "\(outcome.errors)")
        try place.expectFinishedStudent()
      }
    }

    /// One line is made again, the same as before, in detections and in proposals.
    @Test func aDamagedLineIsMadeAgain() throws {
      try withPlace { place in
        try place.copyFinished("propose", "cache", "distill", "evaluate")
        let detections = "\(try place.output("evaluate"))/detections.jsonl"
        let proposals = "\(try place.output("propose"))/train.jsonl"
        let whole = try [detections, proposals].map { try Files.read($0) }
        try flip("\"id\":102,", in: detections)
        try flip("\"image_id\":2,", in: proposals)
        let again = " does not have the checksum it was written with"

        let proposed = try place.run("propose")
        #expect(proposed.status == 0 && !proposed.errors.contains(steps), "\(proposed.errors)")
        #expect(proposed.messages.contains("\(proposals) line 3\(again); it is made again"))
        #expect(
          proposed.messages.contains("7 of 8 images have proposals of this network already"))

        let evaluated = try place.run("evaluate")
        #expect(evaluated.status == 0, "\(evaluated.errors)")
        #expect(
          evaluated.messages.contains("\(detections) line 3\(again); its image is looked at again"))
        #expect(
          evaluated.messages.contains(
            "1 of 4 images are to be looked at; the others are as they were"))
        #expect(try [detections, proposals].map { try Files.read($0) } == whole)
        #expect(try evaluated.output == FinishedRun.shared.get().outcomes["evaluate"]?.output)
        #expect(try Vild.run("verify", place.run, "--full").status == 0)
      }
    }
  }
}
