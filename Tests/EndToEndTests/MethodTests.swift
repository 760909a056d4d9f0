import Foundation
import Support
import Tensors
import TestSupport
import Testing

extension EndToEnd {
  /// The rows of the paper's tables, each from the pipeline file alone.
  @Suite struct MethodTests {
    private func table(_ outcome: Outcome) -> [Substring] {
      outcome.output.split(separator: "\n").filter {
        ["base ", "novel", "all  "].contains(String($0.prefix(5)))
      }
    }

    @Test(arguments: ["supervised", "vild_text", "vild_image", "vild_ensemble"])
    func aMethodTrainsAndIsEvaluated(method: String) throws {
      try withPlace { place in
        try place.copyFinished("propose", "cache")
        try place.replace(
          "student:\n", with: "student:\n  method: \(method)\n", in: "pipeline.yaml")
        try place.replace(
          "masks: {enabled: false}\ndistillation:",
          with: "masks: {pool_size: 7, convolutions: 1, sampled_regions: 8}\ndistillation:",
          in: "pipeline.yaml")
        let outcome = try place.run("evaluate")
        #expect(outcome.status == 0, "\(outcome.errors)")
        // Of boxes, of masks, and of proposals.
        #expect(table(outcome).count == 9)
        let detections = String(
          decoding: try Files.read("\(place.output("evaluate"))/detections.json"), as: UTF8.self)
        #expect(detections.contains("\"segmentation\":{\"size\":[72,96],\"counts\":"))
        let log = try Files.read("\(place.output("distill"))/log.jsonl")
        let text = String(decoding: log, as: UTF8.self)
        #expect(text.contains("\"masks\":"))
        #expect(text.contains("\"text\":") == (method != "vild_image"))
        #expect(
          text.contains("\"image\":") == ["vild_image", "vild_ensemble"].contains(method))
      }
    }

    /// The rows of `compare` have a cell for every column, masks or not; the second time it is printed
    /// from what is there.
    @Test func aTableOfMethods() throws {
      try withPlace { place in
        try place.copyFinished("propose", "cache")
        try place.replace(
          "masks: {enabled: false}\ndistillation:",
          with: "masks: {pool_size: 7, convolutions: 1, sampled_regions: 8}\n"
            + "comparison: {methods: [teacher_crops, supervised, supervised_all], seeds: [1, 2]}\ndistillation:",
          in: "pipeline.yaml")
        let outcome = try place.run("compare", "--workers", "2")
        #expect(outcome.status == 0, "\(outcome.errors)")
        let rows = outcome.output.split(separator: "\n").filter { $0.hasPrefix("|") }
          .map { $0.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) } }
        let names = ["method", "---", "teacher_crops", "supervised", "supervised_all"]
        #expect(rows.map(\.first) == names)
        #expect(rows[0].filter { $0.hasPrefix("mask ") }.count == 4)
        #expect(rows.allSatisfy { $0.count == rows[0].count }, "\(rows)")
        #expect(rows[3].contains { $0.contains(" ± ") } && !rows[2].contains { $0.contains("±") })
        // Each student was trained by a process of its own, and progress says how far each one is.
        let shares = outcome.errors.split(separator: "\n").filter { $0.contains("\"students\"") }
        #expect(try #require(shares.first).contains("\"supervised-1\":0"), "\(shares)")
        let compared = try place.output("compare")
        let logs = try FileManager.default.contentsOfDirectory(atPath: "\(compared)/logs")
        #expect(
          logs.sorted() == [
            "supervised-1.log", "supervised-2.log", "supervised_all-1.log", "supervised_all-2.log",
            "teacher_crops-1.log",
          ])
        // With the labels of novel categories as well it learns to name all.
        let students = try FileManager.default.contentsOfDirectory(atPath: place.run)
          .filter { $0.hasPrefix("distill-") }
          .map { try SafeTensorsFile(path: "\(place.run)/\($0)/student.safetensors") }
        let categories = try students.map {
          try #require($0.metadata["base_categories"]).split(separator: ",").count
        }
        #expect(categories.sorted() == [3, 3, 4, 4])
        let again = try place.run("compare")
        #expect(again.output == outcome.output && !again.errors.contains("progress"))
      }
    }

    /// What the students of a comparison have in common is made, or found to be there, once.
    @Test func studentsShareProposalsAndCache() throws {
      try withPlace { place in
        try place.copyFinished("propose")
        try place.replace(
          "distillation:",
          with: "comparison: {methods: [vild, vild_image], seeds: [1]}\ndistillation:",
          in: "pipeline.yaml")
        let outcome = try place.run("compare")
        #expect(outcome.status == 0, "\(outcome.errors)")
        func said(_ beginning: String) -> Int {
          outcome.messages.count { $0.hasPrefix(beginning) }
        }
        #expect(said("wrote 8 images") == 1 && said("up to date: 8 images") == 0)
        #expect(said("vild, seed 1") == 1 && said("vild_image, seed 1") == 1)
        _ = try place.cache()
        _ = try place.output("propose")
      }
    }

    /// Validation annotations that list their categories the other way round, and with them the split:
    /// a closed vocabulary gives each region the same name as before.
    @Test func aClosedVocabularyIsNamedInAnyOrder() throws {
      try withPlace { place in
        try place.replace("split: split.json", with: "novel: [yellow block]", in: "pipeline.yaml")
        try place.replace(
          "student:\n", with: "student:\n  method: supervised\n", in: "pipeline.yaml")
        let trained = try place.run("distill")
        #expect(trained.status == 0, "\(trained.errors)")
        let student = try place.output("distill")
        func detections() throws -> [String] {
          let outcome = try place.run("evaluate", "--student", student)
          #expect(outcome.status == 0, "\(outcome.errors)")
          let folder = try place.output("evaluate")
          defer { try? FileManager.default.removeItem(atPath: folder) }
          let found = try JSONSerialization.jsonObject(
            with: Files.read("\(folder)/detections.json"))
          return try #require(found as? [[String: Any]]).map {
            "\($0["image_id"]!) \($0["category_id"]!) \($0["bbox"]!) \($0["score"]!)"
          }.sorted()
        }
        let before = try detections()
        func listed(_ ids: some Sequence<Int>) -> String {
          let all = ids.map { #"{"id":\#($0 + 1),"name":"\#(World.categories[$0])"}"# }
          return "\"categories\":[\(all.joined(separator: ","))]"
        }
        try place.replace(listed(0..<4), with: listed((0..<4).reversed()), in: "data/val.json")
        #expect(try detections() == before)
        #expect(Set(before.map { $0.split(separator: " ")[1] }).count > 1, "names tell nothing")
      }
    }

    /// With steps too small to see, the student's first stage is the proposal network.
    @Test func aStudentStartsFromTheProposalNetwork() throws {
      try withPlace { place in
        try place.copyFinished("propose", "cache")
        try place.replace(
          "student:\n", with: "student:\n  initial_weights: proposal_network\n",
          in: "pipeline.yaml")
        try place.replace(
          "training: {epochs: 2,", with: "training: {epochs: 1, learning_rate: 1.0e-30,",
          in: "pipeline.yaml")
        let outcome = try place.run("distill")
        #expect(outcome.status == 0, "\(outcome.errors)")
        let start = try SafeTensorsFile(
          path: "\(place.output("proposal-network"))/proposal-network.safetensors")
        let student = try SafeTensorsFile(path: "\(place.output("distill"))/student.safetensors")
        #expect(start.names.contains("model.proposals.objectness.weight"))
        for name in start.names where name.hasPrefix("model.") {
          #expect(try start.tensor(name).array == student.tensor(name).array, "\(name)")
        }
      }
    }

    /// No student is trained: the teacher looks at the proposals' crops.
    @Test func theTeacherAlone() throws {
      try withPlace { place in
        try place.copyFinished("propose")
        var tables: [[Substring]] = []
        for classifier in ["teacher_crops", "teacher_crops_objectness"] {
          try place.replace(
            "detection: {", with: "detection: {classifier: \(classifier), ", in: "pipeline.yaml")
          let outcome = try place.run("evaluate")
          #expect(outcome.status == 0, "\(outcome.errors)")
          tables.append(table(outcome))
          try place.replace("classifier: \(classifier), ", with: "", in: "pipeline.yaml")
        }
        #expect(tables.allSatisfy { $0.count == 6 })
        let names = try FileManager.default.contentsOfDirectory(atPath: place.run)
        #expect(!names.contains { $0.hasPrefix("distill") || $0 == "cache" })
        #expect(names.count { $0.hasPrefix("evaluate") } == 2)
      }
    }

    @Test func textAndTheTeacher() throws {
      try withPlace { place in
        try place.copyFinished("propose", "cache")
        try place.replace(
          "detection: {", with: "detection: {classifier: text_and_teacher_crops, ",
          in: "pipeline.yaml")
        place.expect(
          try place.run("evaluate"), status: 78,
          "detection.classifier: the teacher's view of crops is added to a ViLD-text student "
            + "(expected student.method vild_text, got vild)")
        try place.replace(
          "student:\n", with: "student:\n  method: vild_text\n", in: "pipeline.yaml")
        let outcome = try place.run("evaluate")
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(table(outcome).count == 6)
      }
    }

    @Test func evaluationWhileTraining() throws {
      try withPlace { place in
        try place.copyFinished("propose", "cache")
        try place.replace(
          "{epochs: 2, long_sides: [96],",
          with: "{epochs: 2, evaluate_every_steps: 3, long_sides: [96],",
          in: "pipeline.yaml")
        #expect(try place.run("distill").status == 0)
        let log = String(
          decoding: try Files.read("\(place.output("distill"))/log.jsonl"), as: UTF8.self)
        let lines = log.split(separator: "\n").filter { $0.contains("\"evaluation\":{") }
        #expect(lines.map { $0.prefix(10) } == ["{\"step\":2,", "{\"step\":5,", "{\"step\":7,"])
        #expect(lines.allSatisfy { $0.contains("\"AP50_base\":") && $0.contains("\"AP_novel\":") })
      }
    }
  }
}
