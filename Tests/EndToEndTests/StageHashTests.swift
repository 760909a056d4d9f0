import Foundation
import Pipeline
import Stages
import Support
import Teacher
import Tensors
import Testing

extension EndToEnd {
  /// What each stage's outputs are named by: all that they depend on, and nothing else. A key of the
  /// pipeline file that is not in the table fails.
  @Suite struct StageHashTests {
    @Test func everyKeyHasAnEntry() {
      func leaves(_ shape: PipelineShape, _ path: String) -> [String] {
        guard case .section(let keys) = shape else { return [path] }
        return keys.flatMap { leaves($0.shape, path.isEmpty ? $0.name : "\(path).\($0.name)") }
      }
      let keys = Set(leaves(PipelineFile.shape, ""))
      #expect(
        keys.subtracting(StageHashTable.rows.map(\.key)).subtracting(StageHashTable.others) == [])
      #expect(Set(StageHashTable.rows.map(\.key)).subtracting(keys) == [], "no such keys")
    }

    @Test func aChangedValueMakesAnewWhatDependsOnIt() throws {
      try withPlace { place in
        try place.copyFinished()
        try writeOthers(to: place)
        var known: [String: [String: String]] = [:]
        func hashes(_ text: String) throws -> [String: String] {
          if let hashes = known[text] { return hashes }
          let run = try Run(
            PipelineFile.parse(text, path: "p.yaml"), data: place.data, runs: place.runs)
          let hashes = try StageHashes(run, report: Console.silent).values
          known[text] = hashes
          return hashes
        }
        let world = PipelineFile.resolved(
          try PipelineFile.parse(World.pipeline, path: "p.yaml"))
        for row in StageHashTable.rows {
          var pipeline = world
          for (key, value) in row.given { pipeline = setting(key, to: value, in: pipeline) }
          let before = try hashes(pipeline)
          let after = try hashes(setting(row.key, to: row.value, in: pipeline))
          let changed = StageHashTable.stages.filter { before[$0.value] != after[$0.value] }.map(
            \.key)
          #expect(
            Set(changed) == Set(row.stages),
            "\(row.key): \(row.value) with \(row.given) changes \(String(changed))")
        }
        // Other images under the same names and the same annotations: their recall is another.
        let before = try hashes(world)
        let after = try hashes(setting("data.val.images", to: "val2", in: world))
        let changed = StageHashTable.stages.filter { before[$0.value] != after[$0.value] }.map(
          \.key)
        #expect(changed == ["p", "r", "c"])
      }
    }

    @Test func regionsDependOnFamilyAndPrecision() throws {
      let pipeline = try PipelineFile.parse(World.pipeline, path: "p.yaml")
      func hash(_ change: (inout TeacherConfiguration) -> Void) -> String {
        var teacher = pipeline.teacher
        change(&teacher)
        return TeacherStage.regionInputs(teacher, pipeline.regions, fingerprint: "1").hash
      }
      let hashes = [
        hash { _ in }, hash { $0.family = .clip }, hash { $0.precision = .bfloat16 },
      ]
      #expect(Set(hashes).count == 3)
      #expect(hash { $0.prompts.set = "vild" } == hashes[0])
    }

    /// The pipeline as a text, with another value of a key, which is left out where that is "-".
    private func setting(_ key: String, to value: String, in text: String) -> String {
      var lines = text.components(separatedBy: "\n")
      var (section, indent) = (-1, "")
      let words = key.split(separator: ".")
      for word in words.dropLast() {
        section = line(of: word, after: section, indent, in: lines) ?? section
        indent += "  "
      }
      if let line = line(of: words.last!, after: section, indent, in: lines) {
        lines.remove(at: line)
      }
      if value != "-" { lines.insert("\(indent)\(words.last!): \(value)", at: section + 1) }
      return lines.joined(separator: "\n")
    }

    /// Where a key of the section at a line stands.
    private func line(
      of key: Substring, after section: Int, _ indent: String, in lines: [String]
    ) -> Int? {
      let rest = lines[(section + 1)...]
      let end = rest.firstIndex { !$0.hasPrefix(indent) } ?? lines.endIndex
      return rest[..<end].firstIndex { $0.hasPrefix("\(indent)\(key):") }
    }

    /// The files that the tables name.
    private func writeOthers(to place: Place) throws {
      let manager = FileManager.default
      for (part, first) in [("train", 1), ("val", 101)] {
        try place.write(
          String(decoding: Files.read("\(place.data)/\(part).json"), as: UTF8.self) + "\n",
          to: "data/\(part)2.json")
        let copy = "\(place.data)/\(part)2"
        try manager.copyItem(atPath: "\(place.data)/\(part)", toPath: copy)
        try manager.removeItem(atPath: "\(copy)/\(first).jpg")
        try manager.copyItem(atPath: "\(copy)/\(first + 1).jpg", toPath: "\(copy)/\(first).jpg")
      }
      try manager.copyItem(atPath: "\(place.data)/teacher", toPath: "\(place.data)/teacher2")
      let configuration = try Files.read("\(place.data)/teacher/text_config.json")
      try Files.write(
        configuration + Data("\n".utf8), to: "\(place.data)/teacher2/text_config.json")
      let texts = [
        "list.txt": "1.jpg\n2.jpg\n3.jpg\n", "list2.txt": "101.jpg\n102.jpg\n",
        "prompts.txt": "a small {}\n", "boxes.json": "[]", "weights.bin": "weights",
        "split2.json":
          #"{"base":["red block","green block","yellow block"],"novel":["blue block"]}"#,
      ]
      for (name, text) in texts { try place.write(text, to: "data/\(name)") }
    }
  }
}

extension EndToEnd {
  /// What no result depends on makes nothing anew.
  @Suite struct NothingAnewTests {
    @Test func anotherIntervalTrainsNothing() throws {
      try withPlace { place in
        try place.copyFinished("propose", "cache", "distill")
        // Of the proposal network and of the student.
        for _ in 0..<2 {
          try place.replace(
            "checkpoint_steps: 1,", with: "checkpoint_steps: 3,", in: "pipeline.yaml")
        }
        try place.replace(
          "training: {epochs: 2,", with: "training: {epochs: 2, evaluate_every_steps: 2,",
          in: "pipeline.yaml")
        let outcome = try place.run("distill")
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.messages.last?.hasPrefix("up to date: ") == true)
        #expect(!outcome.errors.contains("\"unit\""), "nothing is done")
        _ = try place.output("distill")
        _ = try place.output("proposal-network")
      }
    }

    /// Evaluations of other choices are told apart in the log of one training.
    @Test func theLogSaysWhatItsEvaluationsDependOn() throws {
      try withPlace { place in
        try place.copyFinished("propose", "cache")
        try place.replace(
          "training: {epochs: 2,", with: "training: {epochs: 2, evaluate_every_steps: 3,",
          in: "pipeline.yaml")
        #expect(try place.run("distill", "--until-step", "4").status == 0)
        try place.replace("limit: 10,", with: "limit: 5,", in: "pipeline.yaml")
        #expect(try place.run("distill").status == 0)
        let log = String(
          decoding: try Files.read("\(place.output("distill"))/log.jsonl"), as: UTF8.self)
        let inputs = log.split(separator: "\n").filter { $0.contains("\"evaluation\":{") }.map {
          $0.components(separatedBy: "\"inputs\":\"").last?.prefix(64)
        }
        #expect(inputs.count == 3)
        #expect(inputs.allSatisfy { $0?.count == 64 && $0?.allSatisfy(\.isHexDigit) == true })
        #expect(inputs[0] != inputs[1] && inputs[1] == inputs[2])
        let students = try [place, FinishedRun.shared.get().place].map {
          try Files.read("\($0.output("distill"))/student.safetensors")
        }
        #expect(students[0] == students[1], "it is the same training")
      }
    }
  }
}
