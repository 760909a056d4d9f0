import Foundation
import Images
import Support
import TestSupport
import Testing

extension Place {
  /// Stores an image as a camera that was held upright does: rows for columns, and a mark.
  func turn(_ path: String) throws {
    let image = try Image.read(path, orientation: .stored)
    let jpeg = image.upright(from: .quarterAnticlockwise).jpegData(quality: 95)
    let tag: [UInt8] =
      Array("Exif\0\0II".utf8) + [42, 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, 6, 0]
      + [0, 0, 0, 0, 0, 0]
    let segment: [UInt8] = [0xFF, 0xE1, 0, UInt8(tag.count + 2)] + tag
    try Files.write(jpeg.prefix(2) + segment + jpeg.dropFirst(2), to: path)
  }
}

extension EndToEnd {
  /// Annotations whose sizes are not those of the files.
  @Suite struct AnnotatedSizeTests {
    @Test func photographsThatWereAnnotatedUprightAreTurned() throws {
      try withPlace { place in
        try place.copyFinished("propose")
        for id in [101, 102] { try place.turn("\(place.data)/val/\(id).jpg") }
        let outcome = try place.run("propose")
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(
          outcome.messages.contains(
            "2 photographs are turned by their EXIF orientation: upright they have their annotated "
              + "size (data.orientation: auto)"))
      }
    }

    @Test func asStoredTheyFailAsRows() throws {
      try withPlace { place in
        try place.copyFinished("propose")
        try place.turn("\(place.data)/val/101.jpg")
        try place.replace(
          "  split: split.json", with: "  split: split.json\n  orientation: stored",
          in: "pipeline.yaml")
        let outcome = try place.run("propose")
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.messages.contains("1 image has another size than annotated"))
      }
    }

    @Test func tooManyOtherSizesEndTheRun() throws {
      try withPlace { place in
        try place.copyFinished("propose")
        for id in 101...104 {
          let path = "\(place.data)/val/\(id).jpg"
          let image = try Image.read(path, orientation: .stored)
          try Files.write(
            image.resized(width: 48, height: 36, filter: .bicubic).jpegData(), to: path)
        }
        place.expect(
          try place.run("propose"), status: 65,
          "HERE/data/val.json: 4 of 4 images have another size than these annotations say "
            + "(expected 96 x 72 of HERE/data/val/101.jpg, got 48 x 36); give the images that were "
            + "annotated, or scale the boxes with the images")
      }
    }

    @Test func boxesOutsideTheirImageAreLeftOutAndManyEndTheRun() throws {
      try withPlace { place in
        // 24 training boxes, of which 18 or so are of base categories.
        let path = "\(place.data)/train.json"
        func move(_ count: Int) throws {
          let json = try JSONSerialization.jsonObject(with: Files.read(path))
          var text = try #require(json as? [String: Any])
          var annotations = try #require(text["annotations"] as? [[String: Any]])
          var left = count
          for index in annotations.indices
          where left > 0 && (annotations[index]["category_id"] as? Int ?? 4) < 4 {
            annotations[index]["bbox"] = [96 + index, 5, 10, 10]
            left -= 1
          }
          text["annotations"] = annotations
          try Files.write(JSONSerialization.data(withJSONObject: text), to: path)
        }
        try move(4)
        let refused = try place.run("propose")
        #expect(refused.status == 65)
        #expect(refused.complaints.count == 1)
        #expect(
          try #require(refused.complaints.first).contains(
            "4 of 18 boxes are empty or outside their image"), "\(refused.complaints)")

        try Files.write(Files.read("\(World.shared.get().data)/train.json"), to: path)
        try move(2)
        let outcome = try place.run("propose")
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(
          outcome.messages.contains {
            $0.hasPrefix("2 of 18 boxes are empty or outside their image and are left out")
          }, "\(outcome.messages)")
      }
    }
  }
}
