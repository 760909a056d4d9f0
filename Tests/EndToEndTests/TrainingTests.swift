import Foundation
import Support
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#endif

extension EndToEnd {
  /// How the student is trained, beyond the defaults.
  @Suite struct TrainingTests {
    private func log(_ place: Place) throws -> [[String: Any]] {
      try Files.read("\(place.output("distill"))/log.jsonl").split(separator: UInt8(ascii: "\n"))
        .map { try #require(try JSONSerialization.jsonObject(with: $0) as? [String: Any]) }
    }

    /// Jitter cuts regions off, and their number is told.
    @Test func jitterAndAverage() throws {
      try withPlace { place in
        try place.copyFinished("propose", "cache")
        try place.replace(
          "{epochs: 2, long_sides: [96],",
          with: "{epochs: 2, jitter: range, output_side: 96, smallest_scale: 0.5, "
            + "images_per_forward: 2, average_decay: 0.9,", in: "pipeline.yaml")
        let outcome = try place.run("distill")
        #expect(outcome.status == 0, "\(outcome.errors)")
        let steps = try log(place).filter { $0["loss"] != nil }
        #expect(steps.count == 8)
        let counts = ["left_out", "distilled"].map { name in
          steps.compactMap { $0[name] as? Double }.reduce(0, +) * 2
        }
        // Two epochs of eight images with four regions each.
        #expect(counts[0] > 0 && counts[0] + counts[1] == 64)
        let line = "\(Int(counts[0])) of 64 regions were not distilled: less than 0.5 of them, or "
        #expect(outcome.messages.contains { $0.hasPrefix(line) }, "\(outcome.errors)")
      }
    }

    @Test func rareImagesAreRepeatedWhereNoCacheIsRead() throws {
      try withPlace { place in
        try place.replace(
          "{epochs: 2, long_sides: [96],",
          with: "{epochs: 2, repeat_threshold: 1, long_sides: [96],",
          in: "pipeline.yaml")
        try place.copyFinished("propose", "cache")
        place.expect(
          try place.run("distill"), status: 78,
          "images of rare categories are not repeated where a cache is read (expected "
            + "distillation.training.repeat_threshold 0, or a student.method without distillation, got 1.0)"
        )
        try place.replace(
          "student:\n", with: "student:\n  method: vild_text\n", in: "pipeline.yaml")
        #expect(try place.run("distill").status == 0)
        let steps = try log(place).filter { $0["loss"] != nil }
        #expect(steps.count > 8 && steps.allSatisfy { $0["left_out"] == nil })
      }
    }

    /// LVIS's form: a split by frequency, and images that have an address.
    @Test func splitByFrequency() throws {
      try withPlace { place in
        try place.replace("split: split.json", with: "split: lvis_frequency", in: "pipeline.yaml")
        place.expect(
          try place.run("propose"), status: 65,
          "HERE/data/train.json: no frequency to split by (got category 'red block'); "
            + "name a file with the lists base and novel")
        for part in ["train", "val"] {
          for (name, letter) in [("red", "f"), ("green", "c"), ("blue", "f"), ("yellow", "r")] {
            try place.replace(
              "\"name\":\"\(name) block\"",
              with: "\"frequency\":\"\(letter)\",\"name\":\"\(name) block\"",
              in: "data/\(part).json")
          }
          let first = part == "train" ? 1 : 101
          try place.replace(
            "\"file_name\":\"\(first).jpg\"",
            with: "\"coco_url\":\"http://x/some2017/\(first).jpg\"",
            in: "data/\(part).json")
          try Files.createFolder("\(place.data)/\(part)/some2017")
          try FileManager.default.moveItem(
            atPath: "\(place.data)/\(part)/\(first).jpg",
            toPath: "\(place.data)/\(part)/some2017/\(first).jpg")
        }
        let outcome = try place.run("propose")
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(!outcome.errors.contains("left out"))
        let header = try Files.read("\(place.output("propose"))/train.jsonl").prefix(200)
        #expect(
          String(decoding: header, as: UTF8.self)
            .contains("\"label_set\":[\"red block\",\"green block\",\"blue block\"]"))
      }
    }

    /// Whoever comes second is told so, whatever the first is doing.
    @Test(arguments: ["propose", "distill"])
    func oneRunAtATime(stage: String) throws {
      try withPlace { place in
        try place.copyFinished("propose", "cache", "distill")
        let folder = try place.output(stage)
        try FileManager.default.removeItem(atPath: "\(folder)/stage.json")
        let lock = open("\(folder)/lock", O_RDWR | O_CREAT, 0o644)
        // Not even beside one that shares.
        for operation in [LOCK_EX, LOCK_SH] {
          #expect(flock(lock, operation | LOCK_NB) == 0)
          place.expect(
            try place.run(stage), status: 75,
            "HERE/runs/tiny/\(stage)-HASH: another run of '\(stage)' is at work here; "
              + "wait for it, or stop it and start again: it continues where it was")
        }
        close(lock)
        #expect(try place.run(stage).status == 0)
      }
    }
  }
}
