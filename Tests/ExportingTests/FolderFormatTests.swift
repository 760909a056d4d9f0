import Detection
import Exporting
import Foundation
import Regions
import Support
import TestSupport
import Testing

/// The formats of a folder, and what becomes of a folder that is there.
@Suite struct FolderFormatTests {
  private func names(_ folder: String) throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: folder).sorted()
  }

  @Test func yolo() throws {
    try Samples.withDetections { folder, detections in
      let output = "\(folder)/yolo"
      try Samples.export(detections, as: .yolo, to: output)
      #expect(
        try names(output) == [
          "data.yaml", "export.json", "labels", "labels/2.txt", "labels/a", "labels/a/é 1.txt",
          "labels/b.txt",
        ])
      #expect(
        try text("\(output)/data.yaml") == """
          train: images
          val: images
          names:
            0: "cat"
            1: "chat \\"noir\\" & <b>"
            2: "犬, x"

          """)
      // (4 + 20) / 2 / 64 and 16 / 64, of 48 the same; then the right half and the middle.
      #expect(
        try text("\(output)/labels/a/é 1.txt")
          == "1 0.1875 0.25 0.25 0.33333334\n2 0.75 0.5 0.5 0.5\n")
      #expect(try text("\(output)/labels/2.txt") == "")
      #expect(try text("\(output)/labels/b.txt") == "0 0.25 0.5208333 0.5 0.9583333\n")
    }
  }

  @Test func outlinesNeedMasks() throws {
    try Samples.withDetections { folder, detections in
      #expect {
        try Samples.export(detections, as: .yoloSegmentation, to: "\(folder)/seg")
      } throws: { error in
        (error as? InputError)?.kind == .badData
          && "\(error)".hasPrefix("a/é 1.jpg: these detections have boxes without masks")
      }
      let left = try names(folder)
      #expect(left == ["detections.jsonl"])
    }
    try Samples.withDetections(masks: true) { folder, detections in
      try Samples.export(detections, as: .yoloSegmentation, to: "\(folder)/seg")
      #expect(
        try text("\(folder)/seg/labels/b.txt")
          == "0 0.0 0.033333335 0.15 0.033333335 0.15 0.06666667 0.1 0.06666667 0.1 0.1 0.0 0.1\n")
    }
  }

  @Test func voc() throws {
    try Samples.withDetections { folder, detections in
      let output = "\(folder)/voc"
      try Samples.export(detections, as: .voc, to: output, .init(threshold: 0.3))
      #expect(
        try names(output) == [
          "Annotations", "Annotations/2.xml", "Annotations/a", "Annotations/a/é 1.xml",
          "Annotations/b.xml", "ImageSets", "ImageSets/Main", "ImageSets/Main/default.txt",
          "export.json",
        ])
      #expect(try text("\(output)/ImageSets/Main/default.txt") == "a/é 1\n2\nb\n")
      // From 1.25 to the image's end: pixels 2 to 30, counted from 1.
      #expect(
        try text("\(output)/Annotations/b.xml") == """
          <annotation>
            <filename>b.png</filename>
            <source>
              <database>detections by vild</database>
            </source>
            <size>
              <width>20</width>
              <height>30</height>
              <depth>3</depth>
            </size>
            <segmented>0</segmented>
            <object>
              <name>cat</name>
              <pose>Unspecified</pose>
              <truncated>0</truncated>
              <difficult>0</difficult>
              <confidence>0.75</confidence>
              <bndbox>
                <xmin>1</xmin>
                <ymin>2</ymin>
                <xmax>10</xmax>
                <ymax>30</ymax>
              </bndbox>
            </object>
          </annotation>

          """)
    }
  }

  @Test func anEarlierExportIsReplacedAndAnythingElseIsNot() throws {
    try Samples.withDetections { folder, detections in
      let output = "\(folder)/yolo"
      try Files.createFolder(output)
      try Samples.export(detections, as: .yolo, to: output)
      try Samples.export(
        detections, as: .yolo, to: output, .init(top: 1), .init(images: "\(folder)/photographs"))
      #expect(try text("\(output)/labels/a/é 1.txt") == "1 0.1875 0.25 0.25 0.33333334\n")
      #expect(
        try FileManager.default.destinationOfSymbolicLink(atPath: "\(output)/images")
          == URL(filePath: "\(folder)/photographs").standardizedFileURL.path)
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
          == ["detections.jsonl", "yolo"])
      let own = "\(folder)/own"
      try Files.createFolder(own)
      try Files.write(Data("x".utf8), to: "\(own)/notes")
      for place in [own, detections] {
        #expect {
          try Samples.export(detections, as: .voc, to: place)
        } throws: { ($0 as? InputError)?.kind == .cannotCreate }
      }
      #expect(try names(own) == ["notes"])
      #expect {
        try Samples.export(detections, as: .coco, to: output)
      } throws: { "\($0)".contains("expected a file, got a folder") }
    }
  }

  /// A folder that a killed export left has no lock.
  @Test func whatAKillLeftGoes() throws {
    try Samples.withDetections { folder, detections in
      let left = "\(folder)/yolo.0123456789abcdef.part"
      try Files.createFolder("\(left)/labels")
      try Files.createFolder("\(folder)/yolo.part")
      try Samples.export(detections, as: .yolo, to: "\(folder)/yolo")
      #expect(!Files.exists(left) && Files.exists("\(folder)/yolo.part"))
    }
  }

  @Test func twoImagesOfOneFileAreRefused() throws {
    try withTemporaryFolder { folder in
      let detections = "\(folder)/d.jsonl"
      let rows = ["x/a.jpg", "x/a.png"].enumerated().map {
        DetectionFile.Row(
          image: $1, id: $0 + 1, outcome: .detected([], width: 4, height: 4))
      }
      try Samples.write(rows, to: detections)
      #expect {
        try Samples.export(detections, as: .yolo, to: "\(folder)/yolo")
      } throws: {
        "\($0)".hasPrefix("labels/x/a.txt: two images of this format would share a file")
      }
      #expect(try names(folder) == ["d.jsonl"])
    }
  }

  @Test(arguments: ["../a.jpg", "/a.jpg", "x//a.jpg"])
  func imagesOutsideTheFolderAreRefused(name: String) throws {
    try withTemporaryFolder { folder in
      let detections = "\(folder)/d.jsonl"
      let row = DetectionFile.Row(
        image: name, id: 1, outcome: .detected([], width: 4, height: 4))
      try Samples.write([row], to: detections)
      #expect {
        try Samples.export(detections, as: .voc, to: "\(folder)/voc")
      } throws: { "\($0)".contains("has no place in this format") }
      try Samples.export(detections, as: .csv, to: "\(folder)/table.csv")
    }
  }
}
