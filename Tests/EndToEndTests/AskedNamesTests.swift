import Foundation
import Support
import TestSupport
import Testing

extension EndToEnd {
  /// What `detect` is asked beside a list of names: attributes, and names below others.
  @Suite struct AskedNamesTests {
    private struct Row: Decodable {
      struct Detection: Decodable {
        var category: String
        var parent: String?
        var attribute: String?
        var bbox: [Float]
        var score: Float
        var probabilities: [String: Float]?
        var cosine: [String: Float]
      }
      var image: String
      var detections: [Detection]
    }

    private struct Header: Decodable {
      var categories: [String]
      var parents: [String: String]?
      var attributes: [String]?
    }

    private func detect(_ place: Place, _ more: String...) throws -> Outcome {
      try Vild(place.arguments("detect", ["--corpus", "\(place.data)/val"] + more)).ended()
    }

    /// The detections file that a run names.
    private func read(_ outcome: Outcome) throws -> (header: Header, rows: [Row]) {
      #expect(outcome.status == 0 && outcome.complaints.isEmpty, "\(outcome.errors)")
      let path = String(try #require(outcome.output.split(separator: "\n").dropFirst().first))
      let lines = try Files.read(path).split(separator: UInt8(ascii: "\n"))
      let decoder = JSONDecoder()
      return (
        try decoder.decode(Header.self, from: lines[0]),
        try lines.dropFirst().map { try decoder.decode(Row.self, from: $0) }
      )
    }

    /// The same boxes of the same categories, each with an attribute; what was detected before stays.
    @Test func attributes() throws {
      try withPlace { place in
        try place.copyFinished("propose", "cache", "distill")
        let plain = try read(detect(place, "--no-pictures"))
        #expect(plain.header.attributes == nil && plain.header.parents == nil)
        let outcome = try detect(place, "--attributes", "red;blue|blue thing;photo")
        #expect(outcome.messages.contains("attributes: 3 names: red, blue, photo"))
        let asked = try read(outcome)
        #expect(asked.header.attributes == ["red", "blue", "photo"])
        #expect(asked.rows.map(\.image) == plain.rows.map(\.image) && asked.rows.count == 4)
        for (row, before) in zip(asked.rows, plain.rows) {
          #expect(!row.detections.isEmpty && row.detections.count == before.detections.count)
          let scores = row.detections.map(\.score)
          #expect(scores == scores.sorted(by: >))
          for found in row.detections {
            let same = try #require(
              before.detections.first { $0.bbox == found.bbox && $0.category == found.category })
            let probabilities = try #require(found.probabilities)
            #expect(same.score == probabilities["category"] && same.probabilities == nil)
            #expect(
              found.score == (probabilities["category"] ?? 0) * (probabilities["attribute"] ?? 0))
            // The most probable of three.
            #expect((probabilities["attribute"] ?? 0) > 1 / 3 - 1e-6)
            #expect(found.cosine == same.cosine && Set(found.cosine.keys) == ["text"])
          }
        }
        let again = try detect(place, "--attributes", "red;blue|blue thing;photo")
        #expect(again.messages.last?.hasPrefix("up to date: ") == true)
        // Others, and the same in another order, are other detections.
        for others in ["red;blue;photo", "blue|blue thing;red;photo"] {
          #expect(try detect(place, "--no-pictures", "--attributes", others).status == 0)
        }
        let folders = try FileManager.default.contentsOfDirectory(atPath: place.run)
          .filter { $0.hasPrefix("detect-") }
        #expect(folders.count == 4)

        let folder = PathText.folder(of: String(outcome.output.prefix { $0 != "\n" }))
        let table = "\(place.folder)/t.csv"
        let exported = try Vild.run(
          "export", "detections", folder, "--format", "csv", "--output", table)
        #expect(exported.status == 0, "\(exported.errors)")
        let lines = String(decoding: try Files.read(table), as: UTF8.self).split(separator: "\n")
        #expect(lines[0].hasSuffix(",ymax,attribute"))
        let names = Set(lines.dropFirst().compactMap { $0.split(separator: ",").last })
        #expect(!names.isEmpty && names.isSubset(of: ["red", "blue", "photo"]))
      }
    }

    /// Names below others, in a line and in a file, and alone below one.
    @Test func parents() throws {
      try withPlace { place in
        try place.copyFinished("propose", "cache", "distill")
        // All that is detected at all.
        try place.replace("limit: 10,", with: "limit: 300,", in: "pipeline.yaml")
        let outcome = try detect(
          place, "--no-pictures", "--classes", "photo; block > red block; green block|green thing")
        #expect(
          outcome.messages.contains(
            "3 names: photo, red block, green block; block > red block, green block"))
        let (header, rows) = try read(outcome)
        #expect(header.categories == ["photo", "red block", "green block"])
        #expect(header.parents == ["red block": "block", "green block": "block"])
        let detections = rows.flatMap(\.detections)
        #expect(detections.contains { $0.parent == "block" })
        for found in detections {
          #expect(found.parent == (found.category == "photo" ? nil : "block"))
          #expect((found.probabilities?["parent"] == nil) == (found.parent == nil))
          if let parent = found.probabilities?["parent"] {
            #expect(found.score <= parent && parent <= 1)
          }
        }
        try place.write(
          "photo\nblock > red block\nblock > green block | green thing\n", to: "names.txt")
        let ofFile = try detect(
          place, "--no-pictures", "--classes", "\(place.folder)/names.txt")
        #expect(ofFile.output == outcome.output, "the same names are the same detections")
        let alone = try detect(place, "--no-pictures", "--classes", "photo; block > red block")
        #expect(
          alone.messages.contains { $0.contains("'red block' is alone below 'block'") })
      }
    }

    @Test func refusals() throws {
      try withPlace { place in
        try place.copyFinished("propose", "cache", "distill")
        place.expect(
          try detect(place, "--attributes", "red"), status: 65,
          "the list of attributes 'red': one attribute alone says nothing: everything would have "
            + "it (expected two or more, of which each object has the likeliest, got 'red')")
        place.expect(
          try detect(place, "--attributes", "red; blue;Red"), status: 65,
          "the list of attributes 'red; blue;Red': name 3: an attribute is given twice "
            + "(got 'Red'); the first is at the list of attributes 'red; blue;Red': name 1")
        place.expect(
          try detect(place, "--classes", "thing > block > red block"), status: 65,
          "the vocabulary 'thing > block > red block': name 1: more than two levels of categories "
            + "(expected parent > category; category, got 'thing > block > red block')")
        try place.replace(
          "student:\n", with: "student:\n  method: supervised\n", in: "pipeline.yaml")
        place.expect(
          try detect(place, "--attributes", "red;blue"), status: 78,
          "student.method: a student of method 'supervised' knows no attributes (expected a method "
            + "that learns from text, got supervised); leave the attributes out")
      }
    }
  }
}
