import Datasets
import Evaluation
import Foundation
import Support
import TestSupport
import Testing

/// Annotations and detections as other programs write them: the numbers are those of the plain files,
/// and what was passed over is a line.
@Suite struct ForeignInputsTests {
  static let truth = """
    {"info": {}, "licenses": [], "images": [
      {"id": 1, "file_name": "1.jpg", "width": 640, "height": 480},
      {"id": 2, "file_name": "2.jpg", "width": 640, "height": 480},
      {"id": 3, "file_name": "3.jpg", "width": 640, "height": 480}],
     "categories": [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}, {"id": 5, "name": "owl"}],
     "annotations": [
      {"id": 1, "image_id": 1, "category_id": 1, "bbox": [10, 20, 100, 120], "area": 12000, "iscrowd": 0},
      {"id": 2, "image_id": 1, "category_id": 2, "bbox": [200, 50, 60, 60], "area": 3600, "iscrowd": 0},
      {"id": 3, "image_id": 2, "category_id": 1, "bbox": [300, 200, 20, 20], "area": 400, "iscrowd": 0},
      {"id": 4, "image_id": 2, "category_id": 1, "bbox": [50, 60, 200, 200], "area": 40000, "iscrowd": 0}
    ]}
    """
  static let found = """
    [{"image_id": 1, "category_id": 1, "bbox": [12, 22, 100, 118], "score": 0.9},
     {"image_id": 1, "category_id": 2, "bbox": [205, 50, 60, 60], "score": 0.8},
     {"image_id": 2, "category_id": 1, "bbox": [301, 201, 20, 20], "score": 0.7},
     {"image_id": 2, "category_id": 1, "bbox": [55, 66, 190, 200], "score": 0.6},
     {"image_id": 2, "category_id": 2, "bbox": [0, 0, 30, 30], "score": 0.5},
     {"image_id": 3, "category_id": 1, "bbox": [5, 5, 40, 40], "score": 0.4}]
    """
  /// What pycocotools gives for both.
  static let plain = 0.744554

  /// Average precision of boxes, and what was passed over.
  private func evaluate(
    _ truth: String, _ found: String = found, strictly isStrict: Bool = false
  ) throws -> (ap: Double, lines: [String]) {
    try withTemporaryFolder { folder in
      let passedOver = PassedOver(isStrict: isStrict)
      let dataset = try COCODataset(
        json: Array(truth.utf8), source: "truth.json", passingOver: passedOver)
      try Files.write(Data(found.utf8), to: "\(folder)/dets.json")
      let results = try DetectionResults(
        path: "\(folder)/dets.json", of: dataset, passingOver: passedOver)
      let report = try EvaluationReport(detections: results, of: dataset)
      return (report.boxes.groups.last?.ap ?? -1, passedOver.lines)
    }
  }

  /// Every match of `old` in the plain file, replaced.
  private func truth(_ old: String, _ new: String) -> String {
    #expect(Self.truth.contains(old))
    return Self.truth.replacingOccurrences(of: old, with: new)
  }

  /// Nothing of these is worth a word.
  @Test(arguments: [
    ("\"info\"", "\"info\""), ("{\"id\": 1, \"file", "{\"id\": 1.0, \"file"),
    ("\"image_id\": 2,", "\"image_id\": 2.0,"), ("\"category_id\": 1,", "\"category_id\": 1e0,"),
    ("\"iscrowd\": 0", "\"iscrowd\": 0.0"), ("\"iscrowd\": 0", "\"iscrowd\": null"),
    ("640, \"height\": 480", "640.0, \"height\": 480.0"),
    (", \"width\": 640, \"height\": 480", ""), ("640, \"height\": 480", "null, \"height\": null"),
    ("640, \"height\": 480", "0, \"height\": 0"),
    ("\"info\": {}", "\"info\": null, \"extras\": [{\"a\": [1]}]"),
    (", \"width\"", ", \"coco_url\": null, \"flickr_url\": null, \"license\": null, \"width\""),
    ("\"cat\"", "\"cat\", \"synonyms\": null, \"def\": null, \"frequency\": null"),
    ("\"cat\"", "\"cat\", \"image_count\": null, \"instance_count\": null"),
    ("\"area\"", "\"ignore\": null, \"visible\": null, \"area\""),
    ("\"iscrowd\": 0", "\"segmentation\": null"),
  ])
  func harmlessFormsAreRead(old: String, new: String) throws {
    let result = try evaluate(truth(old, new), strictly: true)
    #expect(abs(result.ap - Self.plain) < 1e-6 && result.lines.isEmpty, "\(result)")
  }

  /// One line each, that names the first and counts.
  @Test(arguments: [
    (", \"width\"", ", \"coco_url\": 0, \"width\"", "images[0].coco_url: wrong value", 3),
    ("\"area\"", "\"visible\": true, \"area\"", "annotations[0].visible: wrong value", 4),
    ("\"area\"", "\"visible\": 87.5, \"area\"", "annotations[0].visible: not a share", 4),
    ("\"area\"", "\"ignore\": \"no\", \"area\"", "annotations[0].ignore: wrong value", 4),
    ("\"cat\"", "\"cat\", \"frequency\": \"common\"", "categories[0].frequency: unknown", 1),
    ("\"cat\"", "\"cat\", \"frequency\": 12", "categories[0].frequency: wrong value", 1),
    ("\"cat\"", "\"cat\", \"synonyms\": \"a, b\"", "categories[0].synonyms: wrong value", 1),
    (
      "\"cat\"", "\"cat\", \"synonyms\": [\"a\", {\"b\": 2}]", "categories[0].synonyms[1]: wrong", 1
    ),
    ("\"cat\"", "\"cat\", \"def\": [1], \"x\": 2", "categories[0].def: wrong value", 1),
    ("\"cat\"", "\"cat\", \"image_count\": \"many\"", "categories[0].image_count: wrong value", 1),
    (", \"width\"", ", \"neg_category_ids\": 5, \"width\"", "images[0].neg_category_ids: wrong", 3),
    (
      "{\"id\": 1, \"name\"", "{\"id\": 0, \"name\": \"cat\"}, {\"id\": 1, \"name\"",
      "categories[0].name: two categories have one name", 1
    ),
    (
      "]}",
      ", {\"id\": 9, \"image_id\": 99, \"category_id\": 1, \"bbox\": [1, 1, 5, 5], \"area\": 25}]}",
      "annotations[4].image_id: no image has this id (got 99)", 1
    ),
    (
      "]}",
      ", {\"id\": 9, \"image_id\": 1, \"category_id\": 0, \"bbox\": [1, 1, 5, 5], \"area\": 25}]}",
      "annotations[4].category_id: no category has this id (got 0)", 1
    ),
  ])
  func whatIsPassedOverIsCounted(
    old: String, new: String, words: String, count: Int
  ) throws {
    let text = truth(old, new)
    let result = try evaluate(text)
    #expect(abs(result.ap - Self.plain) < 1e-6 && result.lines.count == 1, "\(result)")
    let line = result.lines.first ?? ""
    #expect(line.hasPrefix("truth.json: \(words)"), "\(line)")
    #expect(
      line.hasSuffix(
        count == 1 ? "passed over, the only one" : "passed over, the first of \(count)"),
      "\(line)")
    let error = #expect(throws: InputError.self) { try evaluate(text, strictly: true) }
    #expect(error?.description.hasPrefix("truth.json: \(words)") == true)
  }

  @Test func detectionsOfUnknownCategoriesAreCounted() throws {
    let last = "\"image_id\": 3, \"category_id\": "
    let unknown = Self.found.replacingOccurrences(of: last + "1", with: last + "77")
    let result = try evaluate(Self.truth, unknown)
    #expect(abs(result.ap - Self.plain) < 1e-6)
    #expect(
      result.lines.count == 1
        && result.lines[0].hasSuffix(
          "dets.json: [5].category_id: the data set has no such category (got 77); passed over, "
            + "the only one")
    )
    #expect(throws: InputError.self) { try evaluate(Self.truth, unknown, strictly: true) }
    let floats = Self.found.replacingOccurrences(of: "_id\": 1", with: "_id\": 1.0")
    #expect(try abs(evaluate(Self.truth, floats, strictly: true).ap - Self.plain) < 1e-6)
  }

  @Test func wholeNumbersOnly() throws {
    for number in ["1.5", "1e400", "9007199254740993.0", "0x1", "-inf", "1.0.0", "NaN"] {
      #expect(throws: InputError.self, "\(number)") {
        try evaluate(truth("\"id\": 5", "\"id\": \(number)"))
      }
    }
    for number in ["5.0", "50e-1", "0.5e1", "5E0"] {
      #expect(try evaluate(truth("\"id\": 5", "\"id\": \(number)"), strictly: true).ap > 0.7)
    }
  }

  /// Two of one name that both have objects are a mistake; where none has, the last stays.
  @Test func categoriesOfOneName() throws {
    let error = #expect(throws: InputError.self) { try evaluate(truth("\"dog\"", "\"cat\"")) }
    #expect(error?.description.contains("categories[1].name: two categories have one name") == true)
    let root = truth("{\"id\": 5,", "{\"id\": 0, \"name\": \"owl\"}, {\"id\": 5,")
    let dataset = try COCODataset(json: Array(root.utf8), source: "truth.json")
    #expect(dataset.categories.map(\.id) == [1, 2, 5])
    try withTemporaryFolder { folder in
      let path = "\(folder)/truth.json"
      // The one that is used comes first.
      let later = truth("\"owl\"", "\"owl\"}, {\"id\": 7, \"name\": \"cat\"")
      try Files.write(Data(later.utf8), to: path)
      #expect(try COCODataset.categories(path: path).map(\.id) == [1, 2, 5])
    }
  }

  /// LVIS's protocol needs what one image lacks.
  @Test func lvisInPartIsSaid() throws {
    let all = truth(
      "\"width\"", "\"neg_category_ids\": [5], \"not_exhaustive_category_ids\": [], \"width\"")
    func read(_ text: String) throws -> COCODataset {
      try COCODataset(json: Array(text.utf8), source: "truth.json")
    }
    let whole = try read(all)
    #expect(EvaluationProtocol(naturalFor: whole) == .lvis)
    #expect(EvaluationProtocol.note(on: whole) == nil)
    #expect(try EvaluationProtocol.note(on: read(Self.truth)) == nil)
    let third = "\"3.jpg\", \"neg_category_ids\": [5], "
    let part = try read(
      all.replacingOccurrences(of: third + "\"not_exhaustive_category_ids\": [], ", with: third))
    #expect(EvaluationProtocol(naturalFor: part) == .coco)
    let note = EvaluationProtocol.note(on: part) ?? ""
    #expect(note.hasPrefix("by COCO's protocol"))
    #expect(
      note.hasSuffix(
        "1 of 3 images do not say what they were searched for, the first of them "
          + "image 3, without not_exhaustive_category_ids"), "\(note)")
  }
}
