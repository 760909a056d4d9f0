import Datasets
import Evaluation
import Foundation
import Regions
import Support
import TestSupport
import Testing

private let square = "[[0, 0, 2, 0, 2, 2, 0, 2]]"

/// Whether boxes or masks are compared, where not all objects have both.
@Suite struct ComparedShapesTests {
  /// Two objects and two detections in an image of 4 x 4 pixels.
  private func read<Result>(
    truths: [String] = [square, square], found: [String] = [square, square],
    size: String = "\"width\": 4, \"height\": 4",
    _ body: (COCODataset, DetectionResults, PassedOver) throws -> Result
  ) throws -> Result {
    func row(_ index: Int, _ segmentation: String, _ rest: String) -> String {
      "{\"image_id\": 1, \"category_id\": 1, \"bbox\": [0, 0, 2, 2], \(rest), "
        + "\"segmentation\": \(segmentation)}"
    }
    let annotations = truths.enumerated().map { row($0, $1, "\"id\": \($0 + 1), \"area\": 4") }
    let detections = found.enumerated().map { row($0, $1, "\"score\": 0.\(9 - $0)") }
    let text = """
      {"images": [{"id": 1, "file_name": "1.jpg", \(size)}], "categories": [{"id": 1, "name": "a"}],
       "annotations": [\(annotations.joined(separator: ", "))]}
      """
    return try withTemporaryFolder { folder in
      let passedOver = PassedOver()
      let dataset = try COCODataset(
        json: Array(text.utf8), source: "truth.json", passingOver: passedOver)
      let path = "\(folder)/dets.json"
      try Files.write(Data("[\(detections.joined(separator: ", "))]".utf8), to: path)
      return try body(
        dataset, DetectionResults(path: path, of: dataset, passingOver: passedOver), passedOver)
    }
  }

  @Test func masksWhereAllHaveThem() throws {
    try read { dataset, results, _ in
      let shapes = try ComparedShapes(nil, of: results, and: dataset, by: .coco)
      #expect(shapes.types == [.box, .mask] && shapes.note == nil)
      for (choice, types) in [
        (ComparedShapes.Choice.boxes, [IoUType.box]), (.masks, [.mask]), (.both, [.box, .mask]),
      ] {
        let shapes = try ComparedShapes(choice, of: results, and: dataset, by: .coco)
        #expect(shapes.types == types && shapes.note == nil)
        let report = try EvaluationReport(detections: results, of: dataset, shapes.types)
        #expect(report.evaluations.map(\.iouType) == types)
        #expect(report.boxes.groups[0].ap > 0.99)
      }
      #expect(try ComparedShapes(nil, of: results, and: dataset, by: .voc).types == [.box])
      let error = #expect(throws: InputError.self) {
        try ComparedShapes(.masks, of: results, and: dataset, by: .voc)
      }
      #expect(error?.kind == .usage)
    }
  }

  @Test(arguments: [
    ([square, "null"], [square, square], "1 of 2 objects have no outline", "annotation 2"),
    ([square, square], ["null", square], "1 of 2 detections have no mask", "[0]"),
  ])
  func boxesWhereSomeHaveNoMask(
    truths: [String], found: [String], words: String, first: String
  ) throws {
    try read(truths: truths, found: found) { dataset, results, _ in
      let shapes = try ComparedShapes(nil, of: results, and: dataset, by: .coco)
      #expect(shapes.types == [.box])
      #expect(shapes.note?.contains(words) == true && shapes.note?.contains(first) == true)
      #expect(try EvaluationReport(detections: results, of: dataset).evaluations.count == 1)
      #expect(throws: InputError.self) {
        try EvaluationReport(detections: results, of: dataset, [.mask])
      }
    }
  }

  /// Boxes are compared; masks ask for the size.
  @Test(arguments: ["\"x\": 1", "\"width\": null, \"height\": 4"])
  func masksNeedSizes(size: String) throws {
    try read(size: size) { dataset, results, _ in
      let report = try EvaluationReport(detections: results, of: dataset)
      #expect(report.evaluations.map(\.iouType) == [.box] && report.boxes.groups[0].ap > 0.99)
      let shapes = try ComparedShapes(nil, of: results, and: dataset, by: .coco)
      #expect(shapes.note?.contains("image 1 is of unknown size") == true)
      let error = #expect(throws: InputError.self) {
        try EvaluationReport(detections: results, of: dataset, [.mask])
      }
      #expect(error?.description.contains("width and height of image 1") == true)
    }
  }

  /// Whole slides have more pixels than a mask counts; their boxes are compared.
  @Test(arguments: [
    "\"width\": 65536, \"height\": 65536", "\"width\": 1000000000, \"height\": 1000000000",
  ])
  func masksOfWholeSlidesAreRefused(size: String) throws {
    try read(size: size) { dataset, results, _ in
      let report = try EvaluationReport(detections: results, of: dataset, [.box])
      #expect(report.boxes.groups[0].ap > 0.99)
      for read in [
        { _ = try dataset.mask(of: dataset.annotations[0]) },
        { _ = try results.mask(at: 0, in: dataset.images[0]) },
      ] as [() throws -> Void] {
        let error = #expect(throws: InputError.self) { try read() }
        #expect(error?.what == "not the size of a mask" && error?.kind == .badData)
        #expect(error?.place?.contains("segmentation") == true)
      }
    }
  }

  /// Named once, however often it is read.
  @Test func aPolygonOfTwoCornersCoversNothing() throws {
    try read(truths: ["[[0, 0, 2, 2]]", square]) { dataset, results, passedOver in
      for _ in 0..<2 { try dataset.validateMasks() }
      #expect(try dataset.mask(of: dataset.annotations[0])?.isEmpty == true)
      #expect(
        passedOver.lines == [
          "truth.json: annotations[0].segmentation[0]: a polygon that covers nothing (expected at "
            + "least three corners, got 4 numbers); passed over, the only one"
        ])
      let report = try EvaluationReport(detections: results, of: dataset)
      #expect(report.evaluations.map(\.iouType) == [.box, .mask])
      #expect(passedOver.lines.count == 1)
    }
  }
}
