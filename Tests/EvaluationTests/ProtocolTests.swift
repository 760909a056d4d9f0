import Datasets
import Evaluation
import Foundation
import Support
import TestSupport
import Testing

/// What pycocotools, lvis-api and Pascal VOC's definition gave: `Goldens/make_protocols.py`.
@Suite struct ProtocolTests {
  struct Expected: Decodable {
    var `protocol`: EvaluationProtocol
    var type: IoUType
    var groups: [String: [String: Double]]
    /// AP, AP50, AP75; of Pascal VOC AP50 alone.
    var categories: [String: [Double]]
  }

  @Test func everyNumberIsThePeers() throws {
    let data = try Data(contentsOf: URL(filePath: fixture("Goldens/protocols.json")))
    let cases = try #require(JSONSerialization.jsonObject(with: data) as? [[String: Any]])
    #expect(cases.count == 15)
    for (index, item) in cases.enumerated() {
      try withTemporaryFolder { folder in
        func file(_ key: String) throws -> String {
          let path = "\(folder)/\(key).json"
          try Files.write(JSONSerialization.data(withJSONObject: #require(item[key])), to: path)
          return path
        }
        let dataset = try COCODataset(path: file("truth"))
        let results = try DetectionResults(path: file("detections"), of: dataset)
        for expected in try JSONDecoder().decode(
          [Expected].self, from: Files.read(file("expected")))
        {
          let result = try DetectionEvaluation(
            results, of: dataset, by: expected.protocol, expected.type)
          compare(result, expected, "case \(index) by \(expected.protocol), \(expected.type)")
        }
      }
    }
  }

  private func compare(_ result: DetectionEvaluation, _ expected: Expected, _ name: String) {
    for (group, figures) in expected.groups {
      let scores = result.groups.first { $0.name == group }?.scores
      for (figure, value) in figures {
        #expect(agree([scores?[figure] ?? .nan], [value]), "\(name): \(group) \(figure)")
      }
    }
    let figures = result.figures == ["AP50"] ? ["AP50"] : ["AP", "AP50", "AP75"]
    #expect(result.categories.count == expected.categories.count)
    for category in result.categories {
      let values = figures.map { category.scores[$0] ?? .nan }
      #expect(
        agree(values, expected.categories["\(category.id)"] ?? []), "\(name): \(category.name)")
    }
  }

  // MARK: - By hand

  static let lvis = """
    {"images": [
      {"id": 1, "file_name": "1.jpg", "width": 50, "height": 50, "neg_category_ids": [2],
       "not_exhaustive_category_ids": [3]},
      {"id": 2, "file_name": "2.jpg", "width": 50, "height": 50, "neg_category_ids": [],
       "not_exhaustive_category_ids": []}],
     "annotations": [
      {"id": 1, "image_id": 1, "category_id": 1, "area": 100, "bbox": [0, 0, 10, 10]},
      {"id": 2, "image_id": 1, "category_id": 3, "area": 100, "bbox": [0, 0, 10, 10]},
      {"id": 3, "image_id": 2, "category_id": 2, "area": 100, "bbox": [0, 0, 10, 10]}],
     "categories": [{"id": 1, "name": "a", "frequency": "r"},
      {"id": 2, "name": "b", "frequency": "c"}, {"id": 3, "name": "c", "frequency": "f"}]}
    """

  private func detection(
    _ image: Int, _ category: Int, _ score: Double, right: Bool
  ) -> DetectionRecord {
    DetectionRecord(
      imageID: image, categoryID: category, bbox: right ? [0, 0, 10, 10] : [30, 30, 10, 10],
      score: score)
  }

  @Test func lvisCountsOnlyWhatWasLookedFor() throws {
    let dataset = try COCODataset(json: Array(Self.lvis.utf8), source: "lvis.json")
    #expect(EvaluationProtocol(naturalFor: dataset) == .lvis)
    let records = [
      // Nobody looked for category 1 in image 2: not wrong.
      detection(2, 1, 0.9, right: false), detection(1, 1, 0.8, right: true),
      // Image 1 has certainly none of category 2: wrong, and before the right one.
      detection(1, 2, 0.9, right: false), detection(2, 2, 0.8, right: true),
      // Not every object of category 3 is annotated: perhaps right.
      detection(1, 3, 0.9, right: false), detection(1, 3, 0.8, right: true),
    ]
    let result = try DetectionEvaluation(DetectionResults(records), of: dataset, by: .lvis)
    #expect(agree(result.categories.map { $0.scores["AP50"]! }, [1, 0.5, 1]))
    #expect(result.groups.map(\.name) == ["rare", "common", "frequent", "all"])
    #expect(agree(result.groups.map(\.ap50), [1, 0.5, 1, 2.5 / 3]))
    let coco = try DetectionEvaluation(DetectionResults(records), of: dataset, by: .coco)
    #expect(agree(coco.categories.map { $0.scores["AP50"]! }, [0.5, 0.5, 0.5]))
  }

  /// The 301st detection of an image does not count, whatever its category.
  @Test func lvisCounts300DetectionsAnImage() throws {
    let dataset = try COCODataset(json: Array(Self.lvis.utf8), source: "lvis.json")
    let others = (0..<300).map { detection(1, 3, 0.9 - Double($0) / 1000, right: false) }
    for (score, ap) in [(0.95, 1.0), (0.1, 0)] {
      let result = try DetectionEvaluation(
        DetectionResults(others + [detection(1, 1, score, right: true)]), of: dataset, by: .lvis)
      #expect(agree([result.categories[0].scores["AP50"]!], [ap]))
    }
  }

  @Test func lvisNeedsToKnowWhatWasLookedFor() throws {
    let text = Self.lvis.replacingOccurrences(of: "\"neg_category_ids\": [],", with: "")
    let dataset = try COCODataset(json: Array(text.utf8), source: "lvis.json")
    #expect(EvaluationProtocol(naturalFor: dataset) == .coco)
    let error = #expect(throws: InputError.self) {
      try DetectionEvaluation(DetectionResults([]), of: dataset, by: .lvis)
    }
    #expect(error?.description.contains("neg_category_ids") == true)
  }

  /// Three objects, one of them difficult. In order: about the difficult one (neither), right, wrong,
  /// right, the first object again (wrong). Precision at the right ones 1 and 2/3, of two objects:
  /// area (1 + 2/3) / 2; eleven points: 1 up to recall 0.5, 2/3 at the other five.
  @Test func pascalVOCByHand() throws {
    let text = """
      {"images": [{"id": 1, "file_name": "1.jpg", "width": 90, "height": 90}],
       "annotations": [
        {"id": 1, "image_id": 1, "category_id": 1, "area": 100, "bbox": [0, 0, 10, 10]},
        {"id": 2, "image_id": 1, "category_id": 1, "area": 100, "bbox": [30, 30, 10, 10]},
        {"id": 3, "image_id": 1, "category_id": 1, "area": 100, "bbox": [60, 60, 10, 10],
         "ignore": 1}],
       "categories": [{"id": 1, "name": "a"}]}
      """
    let dataset = try COCODataset(json: Array(text.utf8), source: "voc.json")
    let boxes: [([Double], Double)] = [
      ([0, 0, 10, 10], 0.9), ([50, 0, 10, 10], 0.8),
      // Exactly half of the union.
      ([30, 30, 10, 5], 0.7), ([0, 0, 10, 9], 0.6), ([60, 60, 10, 10], 0.95),
    ]
    let results = DetectionResults(
      boxes.map { DetectionRecord(imageID: 1, categoryID: 1, bbox: $0.0, score: $0.1) })
    for (rules, expected) in [
      (EvaluationProtocol.voc, (1 + 2.0 / 3) / 2), (.voc2007, (6 + 5 * 2.0 / 3) / 11),
    ] {
      let result = try DetectionEvaluation(results, of: dataset, by: rules)
      #expect(agree([result.groups[0].ap50], [expected]))
      #expect(result.figures == ["AP50"] && result.categories[0].truths == 2)
    }
  }

  /// Two halves of one square: IoU of the boxes 1 and of the masks 0.
  @Test func masksAreComparedAsMasks() throws {
    let text = """
      {"images": [{"id": 1, "file_name": "1.jpg", "width": 4, "height": 4}],
       "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "area": 8, "bbox": [0, 0, 4, 4],
         "segmentation": {"size": [4, 4], "counts": [0, 8, 8]}}],
       "categories": [{"id": 1, "name": "a"}]}
      """
    let dataset = try COCODataset(json: Array(text.utf8), source: "a.json")
    func report(_ segmentation: String) throws -> EvaluationReport {
      try withTemporaryFolder { folder in
        let path = "\(folder)/d.json"
        let found = """
          [{"image_id": 1, "category_id": 1, "bbox": [0, 0, 4, 4], "score": 1,
            "segmentation": \(segmentation)}]
          """
        try Files.write(Data(found.utf8), to: path)
        return try EvaluationReport(
          detections: DetectionResults(path: path, of: dataset), of: dataset)
      }
    }
    let other = try report("{\"size\": [4, 4], \"counts\": [8, 8]}")
    #expect(other.evaluations.map(\.iouType) == [.box, .mask])
    // Scores to draw from are chosen for boxes.
    #expect(other.evaluations.map { $0.thresholds != nil } == [true, false])
    #expect(agree(other.evaluations.map { $0.groups[0].ap }, [1, 0]))
    #expect(other.table().contains("COCO mask AP"))
    // Six of eight pixels: right at 0.50 to 0.75.
    let most = try report("{\"counts\": [0, 6, 10], \"size\": [4, 4]}")
    #expect(agree([most.evaluations[1].groups[0].ap], [0.6]))
    for (mistake, place) in [
      ("{\"size\": [4, 4], \"counts\": [9, 9]}", "d.json: [0].segmentation.counts"),
      ("{\"size\": [4, 5], \"counts\": [20]}", "d.json: [0].segmentation.size"),
      ("[[0, 0, 1]]", "d.json: [0].segmentation[0]"),
    ] {
      let error = #expect(throws: InputError.self) { try report(mistake) }
      #expect(error?.description.contains(place) == true, "\(String(describing: error))")
    }
  }

  @Test func aDetectionWithoutAMaskAmongMasksIsNamed() throws {
    let dataset = try COCODataset(json: Array(Self.lvis.utf8), source: "lvis.json")
    let error = #expect(throws: InputError.self) {
      try DetectionEvaluation(
        DetectionResults([detection(1, 1, 1, right: true)]), of: dataset, by: .coco, .mask)
    }
    #expect(error?.description.hasPrefix("detections: [0]: a detection without a mask") == true)
  }
}
