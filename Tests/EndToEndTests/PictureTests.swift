import Foundation
import Images
import Support
import TestSupport
import Testing

extension EndToEnd {
  /// One picture of photographs whose licence allows it.
  @Suite struct PictureTests {
    /// Validation images under licence 4, but for the last under 5 and the second under none.
    private func addLicences(to place: Place) throws {
      try place.replace(
        "{\"annotations\":",
        with: "{\"licenses\":[{\"id\":4,\"name\":\"Attribution License\",\"url\":\"http://by\"},"
          + "{\"id\":5,\"name\":\"Share-alike\",\"url\":\"http://sa\"}],\"annotations\":",
        in: "data/val.json")
      for (id, licence) in [(101, 4), (103, 4), (104, 5)] {
        try place.replace(
          "\"height\":72,\"id\":\(id)",
          with: "\"flickr_url\":\"http://farm6.staticflickr.com/1/9\(id)_a_z.jpg\",\"height\":72,"
            + "\"id\":\(id),\"license\":\(licence)", in: "data/val.json")
      }
    }

    private func run(_ place: Place, _ more: String...) throws -> Outcome {
      try Vild(place.arguments("picture", more)).ended()
    }

    @Test func photographsByTheirNames() throws {
      try withPlace { place in
        try place.copyFinished("propose", "cache", "distill")
        try addLicences(to: place)
        let output = "\(place.folder)/docs/picture.jpg"
        let outcome = try run(
          place, "--licences", "4", "5", "--photographs", "104.jpg", "101.jpg", "--output", output,
          "--width", "400", "--kilobytes", "12")
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output == "\(output)\n\(place.folder)/docs/picture.md\n")
        let bytes = try Files.read(output)
        #expect(bytes.count <= 12_000)
        let picture = try Image.decode(bytes, name: "picture", orientation: .stored)
        // Side by side, 196 pixels wide each, and the words below where a novel name is drawn.
        #expect(picture.width == 400 && (147..<200).contains(picture.height))
        #expect(
          String(decoding: try Files.read("\(place.folder)/docs/picture.md"), as: UTF8.self) == """
            Photographs, from left to right and from top to bottom; made smaller, and with detections \
            drawn on them:

            1. 104.jpg ([file](http://farm6.staticflickr.com/1/9104_a_z.jpg), \
            [page](https://www.flickr.com/photo.gne?id=9104)): [Share-alike](http://sa)
            2. 101.jpg ([file](http://farm6.staticflickr.com/1/9101_a_z.jpg), \
            [page](https://www.flickr.com/photo.gne?id=9101)): [Attribution License](http://by)

            """)
        let small = try run(
          place, "--licences", "4", "--photographs", "101.jpg", "--output", output,
          "--kilobytes", "1")
        #expect(small.status == 64 && small.complaints.count == 1)
        #expect(
          small.complaints.first?.hasPrefix(
            "vild: \(output): the picture does not become small enough (expected at most 1 kB, got "
          )
            == true)
        #expect(try Files.read(output) == bytes)
      }
    }

    /// Nothing is trained for what cannot be shown.
    @Test func licencesThatDoNotAllowIt() throws {
      try withPlace { place in
        let output = ["--output", "\(place.folder)/picture.jpg"]
        func expect(_ words: [String], _ status: Int32, _ line: String) throws {
          let outcome = try Vild(place.arguments("picture", words + output)).ended()
          place.expect(outcome, status: status, line)
          #expect(place.files().isEmpty && !Files.exists(output[1]))
        }
        try expect(
          ["--licences", "4"], 65,
          "HERE/data/val.json: the annotations do not say under which licence the photographs are "
            + "(expected COCO's list 'licenses', and a 'license' in each image, got no licence)")
        try addLicences(to: place)
        try expect(
          ["--licences", "4", "--photographs", "101.jpg", "104.jpg"], 64,
          "104.jpg: the photograph's licence is not one of those allowed (expected 4, got 5 "
            + "Share-alike); leave it out, or allow its licence with --licences if that is right")
        try expect(
          ["--licences", "4", "--photographs", "102.jpg"], 64,
          "102.jpg: the photograph's licence is not one of those allowed (expected 4, got none); leave "
            + "it out, or allow its licence with --licences if that is right")
        try expect(
          ["--licences", "4", "--photographs", "1001.jpg"], 64,
          "--photographs: the annotations have no such photograph (got '1001.jpg'); is it '101.jpg'?"
        )
        try expect(
          ["--licences", "7"], 64,
          "HERE/data/val.json: the annotations have no such licence (expected 4 Attribution License, "
            + "5 Share-alike, got 7)")
      }
    }
  }
}
