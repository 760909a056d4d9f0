import Foundation
import Support
import TestSupport
import Testing

extension EndToEnd {
  /// Wrong annotations, images, proposals and teachers: one line before any long work, a documented
  /// exit code, nothing half-written. A bad image is a row, not an end.
  @Suite struct BadDataTests {
    /// As where images were taken out of a data set.
    @Test func annotationOfNoImage() throws {
      try withPlace { place in
        try place.replace("\"image_id\":3", with: "\"image_id\":99", in: "data/train.json")
        let outcome = try place.run("propose")
        #expect(outcome.status == 0 && outcome.complaints.isEmpty)
        #expect(
          outcome.messages.contains(
            "train: \(place.data)/train.json: annotations[6].image_id: no image has this id "
              + "(got 99); passed over, the only one"))
      }
    }

    /// Said before anything is trained.
    @Test(arguments: ["propose", "distill"]) func nothingToLearn(stage: String) throws {
      try withPlace { place in
        let path = "\(place.data)/train.json"
        let text = String(decoding: try Files.read(path), as: UTF8.self)
        let crowds = text.replacingOccurrences(of: "\"iscrowd\":0", with: "\"iscrowd\":1")
        #expect(crowds != text)
        try Files.write(Data(crowds.utf8), to: path)
        let outcome = try place.run(stage)
        #expect(outcome.status == 65 && outcome.complaints.count == 1)
        let line = outcome.complaints.first ?? ""
        #expect(line.hasPrefix("vild: \(path): there is no object to learn from"), "\(line)")
        #expect(line.contains("all crowds"), "\(line)")
        #expect(place.unfinished("propose") == [])
      }
    }

    @Test func missingImageFile() throws {
      try withPlace { place in
        try FileManager.default.removeItem(atPath: "\(place.data)/train/4.jpg")
        place.expect(
          try place.run("propose"), status: 66,
          "HERE/data/train: 1 of 8 images are missing (expected 4.jpg); "
            + "give the folder that the annotations' file names start from")
        #expect(place.files().isEmpty)
      }
    }

    @Test func corruptTrainingImageIsARow() throws {
      try withPlace { place in
        let picture = try Files.read("\(place.data)/train/2.jpg")
        try Files.write(picture.prefix(picture.count / 2), to: "\(place.data)/train/2.jpg")
        // One image a step: there is a step of which nothing can be learnt.
        try place.replace("epochs: 1,", with: "epochs: 1, images_per_step: 1,", in: "pipeline.yaml")
        let outcome = try place.run("distill")
        #expect(outcome.status == 0 && outcome.complaints.isEmpty)
        let reason = "\(place.data)/train/2.jpg: a damaged jpeg (got Premature end of JPEG file)"
        #expect(outcome.messages.contains("left out of training: \(reason)"))
        #expect(outcome.messages.contains("no embeddings: \(reason)"))
        let known = try Vild.run("cache", "info", place.cache())
        #expect(known.output.contains("  images   8 of 8, 1 failed\n"))
        // Two epochs of the seven others, two a step.
        #expect(try steps(of: place.output("distill")) == Array(0..<7))
      }
    }

    // MARK: - Teacher

    @Test func missingTeacherFile() throws {
      try withPlace { place in
        try FileManager.default.removeItem(atPath: "\(place.data)/teacher/vocab.txt")
        place.expect(
          try place.run("embed"), status: 66,
          "HERE/data/teacher/vocab.txt: cannot read (got No such file or directory)")
        #expect(place.files().isEmpty)
      }
    }

    @Test func truncatedTeacher() throws {
      try withPlace { place in
        let path = "\(place.data)/teacher/image_tower.safetensors"
        try Files.write(try Files.read(path).prefix(1_000_000), to: path)
        let outcome = try place.run("embed")
        #expect(outcome.status == 65)
        #expect(outcome.complaints.count == 1)
        // Which of the tensors behind the cut is named is not said.
        #expect(outcome.complaints.first?.hasPrefix("vild: \(path): tensor '") == true)
        #expect(outcome.complaints.first?.hasSuffix("; is the file cut short?)") == true)
        #expect(place.files().isEmpty)
      }
    }

    @Test func teacherOfAnotherWidth() throws {
      try withPlace { place in
        try place.replace(
          "\"hidden_size\":16", with: "\"hidden_size\":32", in: "data/teacher/text_config.json")
        place.expect(
          try place.run("embed"), status: 65,
          "HERE/data/teacher/text_tower.safetensors: tensor "
            + "'encoder.layer.0.attention.self.query.weight' has the wrong shape "
            + "(expected [32, 32], got [16, 16])")
        #expect(place.files().isEmpty)
      }
    }

    @Test func teacherWithAClassTooFew() throws {
      try withPlace { place in
        try place.replace(
          "\"thing 0\",", with: "", in: "data/teacher/imagenet_classes.json")
        place.expect(
          try place.run("embed"), status: 65,
          "HERE/data/teacher/imagenet_classes.json: class names and the image tower's classes do "
            + "not match (expected 1000 names, got 999)")
        #expect(place.files().isEmpty)
      }
    }

    @Test func categoryTooLongForTheTextTower() throws {
      let long = String(repeating: "q", count: 50)
      try withPlace { place in
        for file in ["train", "val", "split"] {
          try place.replace("red block", with: long, in: "data/\(file).json")
        }
        place.expect(
          try place.run("distill"), status: 65,
          "category '\(long)' is too long for the text tower (expected at most 40 tokens in a "
            + "prompt, got 57)")
        #expect(place.unfinished("propose") == [])
      }
    }

    // MARK: - The user's own proposals

    private let header = """
      {"format":"vild-proposals","version":1,"label_set":["red block","yellow block"],\
      "source":"elsewhere","nms":0.9,"top":6,"images":1}
      {"image_id":1,"boxes":[[1,2,30,40]],"scores":[0.5]}

      """

    @Test func proposalsOfANovelCategory() throws {
      try withPlace { place in
        try place.write(header, to: "data/given.jsonl")
        try place.replace("  top: 4", with: "  file: given.jsonl", in: "pipeline.yaml")
        let line =
          "HERE/data/given.jsonl: the proposals were trained on the novel category 'yellow block' "
          + "(expected base categories only); a result on novel categories would mean nothing"
        for stage in ["propose", "embed"] {
          place.expect(try place.run(stage), status: 65, line)
          #expect(place.unfinished("propose") == [])
        }
      }
    }

    @Test func proposalsThatDoNotSayWhatTheyKnow() throws {
      try withPlace { place in
        try place.write(
          #"[{"image_id":1,"category_id":1,"bbox":[1,2,30,40],"score":0.5}]"#,
          to: "data/given.json")
        try place.replace("  top: 4", with: "  file: given.json", in: "pipeline.yaml")
        place.expect(
          try place.run("propose"), status: 78,
          "HERE/data/given.json: COCO results do not say which categories the proposals were "
            + "trained on (expected the key proposals.label_set in the pipeline file); "
            + "list the categories, or [] for proposals that used no labels")
        #expect(place.unfinished("propose") == [])

        // With the label set it goes through.
        try place.replace(
          "  file: given.json", with: "  file: given.json\n  label_set: []", in: "pipeline.yaml")
        let outcome = try place.run("propose")
        #expect(outcome.status == 0 && outcome.complaints.isEmpty)
      }
    }
  }
}
