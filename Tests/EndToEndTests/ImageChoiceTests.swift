import Foundation
import Support
import TestSupport
import Testing

extension EndToEnd {
  /// Some of the annotated images, by a list and a limit.
  @Suite struct ImageChoiceTests {
    @Test func aListAndALimit() throws {
      try withPlace { place in
        try place.replace(
          "train.json}", with: "train.json, images_list: some.txt, limit: 2, limit_seed: 1}",
          in: "pipeline.yaml")
        try place.replace("val.json}", with: "val.json, limit: 3}", in: "pipeline.yaml")
        try place.write("3.jpg\n5\n7\n", to: "data/some.txt")
        // An image that is not wanted need not be there.
        try FileManager.default.removeItem(atPath: "\(place.data)/train/2.jpg")
        let outcome = try place.run("propose")
        #expect(outcome.status == 0 && outcome.complaints.isEmpty)
        #expect(
          outcome.messages.contains(
            "train: 2 of 8 images of \(place.data)/train.json: those on \(place.data)/some.txt, "
              + "at most 2, by seed 1"))
        let folder = try place.output("propose")
        func images(_ name: String) throws -> Set<Int> {
          Set(
            try Files.read("\(folder)/\(name)").split(separator: UInt8(ascii: "\n")).compactMap {
              try (JSONSerialization.jsonObject(with: $0) as? [String: Any])?["image_id"] as? Int
            })
        }
        let train = try images("train.jsonl")
        #expect(train.count == 2 && train.isSubset(of: [3, 5, 7]))
        #expect(try images("val.jsonl").count == 3)

        // What a list says otherwise is another choice; what it says in other words is not.
        try place.write("# the same\n7.jpg\n3\n5.jpg\n", to: "data/some.txt")
        let same = try place.run("propose")
        #expect(same.messages.last?.hasPrefix("up to date: ") == true)
        try place.write("3.jpg\n77.jpg\n", to: "data/some.txt")
        place.expect(
          try place.run("propose"), status: 65,
          "HERE/data/some.txt line 2: the annotations have no such image "
            + "(expected an image of HERE/data/train.json, got '77.jpg'); is it '7.jpg'?")
      }
    }

    /// A user's proposals may be of all images.
    @Test func proposalsOfAllImages() throws {
      try withPlace { place in
        let all = try FinishedRun.shared.get().place.output("propose") + "/train.jsonl"
        try FileManager.default.copyItem(atPath: all, toPath: "\(place.data)/boxes.jsonl")
        try place.replace(
          "proposals:\n", with: "proposals:\n  file: boxes.jsonl\n", in: "pipeline.yaml")
        try place.replace("train.json}", with: "train.json, limit: 5}", in: "pipeline.yaml")
        let outcome = try place.run("propose")
        #expect(outcome.status == 0, "\(outcome.errors)")
        let lines = try Files.read("\(place.output("propose"))/train.jsonl")
          .split(separator: UInt8(ascii: "\n"))
        #expect(lines.count == 6)
      }
    }
  }
}
