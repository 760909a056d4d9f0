import Datasets
import Evaluation
import Foundation
import Regions
import Support
import Testing

@Suite struct EvaluationTests {
  /// Two images; a dog and a cat in the first, a crowd of dogs in the second, no cow anywhere.
  func dataset() throws -> COCODataset {
    try COCODataset(
      images: [1, 2].map { .init(id: $0, fileName: "\($0).jpg", width: 100, height: 100) },
      annotations: [
        .init(id: 0, imageID: 1, categoryID: 1, bbox: [0, 0, 10, 10], area: 100),
        .init(id: 1, imageID: 1, categoryID: 2, bbox: [50, 50, 10, 10], area: 100),
        .init(id: 2, imageID: 2, categoryID: 1, bbox: [0, 0, 90, 90], area: 8100, isCrowd: true),
      ],
      categories: [
        .init(id: 1, name: "dog"), .init(id: 2, name: "cat"), .init(id: 3, name: "cow"),
        .init(id: 4, name: "tie"),
      ], source: "test")
  }

  func detection(
    _ image: Int, _ category: Int, _ bbox: [Double], _ score: Double
  ) -> DetectionRecord {
    DetectionRecord(imageID: image, categoryID: category, bbox: bbox, score: score)
  }

  func evaluate(
    _ records: [DetectionRecord], split: CategorySplit? = nil
  ) throws -> DetectionEvaluation {
    try DetectionEvaluation(DetectionResults(records), of: dataset(), by: .coco, split: split)
  }

  @Test func byHand() throws {
    let result = try evaluate(
      [
        // Found, IoU 0.8: right at the thresholds 0.50 to 0.80, 7 of 10.
        detection(1, 1, [0, 0, 10, 8], 0.9),
        // Inside the crowd: neither right nor wrong.
        detection(2, 1, [5, 5, 10, 10], 0.95),
        // Wrong, and better than the right one: precision 1/2 at every recall.
        detection(2, 2, [5, 5, 10, 10], 0.9), detection(1, 2, [50, 50, 10, 10], 0.8),
        // No ground truth: the category does not count.
        detection(1, 3, [5, 5, 10, 10], 0.9),
      ])
    #expect(result.categories.map(\.truths) == [1, 1, 0, 0])
    #expect(abs(result.categories[0].scores["AP"]! - 0.7) < 1e-12)
    #expect(abs(result.categories[0].scores["AP75"]! - 1) < 1e-12)
    #expect(abs(result.categories[1].scores["AP"]! - 0.5) < 1e-12)
    #expect(result.categories[2].scores["AP"] == -1)
    #expect(abs(result.all["AP"]! - 0.6) < 1e-12)
    #expect(abs(result.all["AR100"]! - 0.85) < 1e-12)
    #expect(result.all["APl"] == -1)
  }

  @Test func noDetectionsIsZeroAndNoTruthIsAbsent() throws {
    let result = try evaluate([])
    #expect(result.categories.map { $0.scores["AP"] } == [0, 0, -1, -1])
    #expect(result.all["AP"] == 0)
    let cow = try CategorySplit(base: ["cow"], novel: [], of: ["cow"], source: "test")
    #expect(try evaluate([], split: cow).all["AP"] == -1)
  }

  @Test func onlyTheSplitsCategoriesCount() throws {
    let dataset = try dataset()
    let split = try CategorySplit(
      base: ["cat"], novel: ["dog", "cow"], of: dataset.categories.map(\.name), source: "test")
    let report = try EvaluationReport(
      detections: DetectionResults([
        detection(1, 2, [50, 50, 10, 10], 0.8), detection(1, 4, [0, 0, 10, 10], 0.8),
      ]), of: dataset, split: split,
      proposals: ProposalRecall(
        [
          Proposals(
            imageID: 1, regions: [Region(box: Box(x0: 0, y0: 0, x1: 10, y1: 10), score: 1)])
        ], of: dataset, split: split))
    #expect(report.boxes.groups.map(\.name) == ["base", "novel", "all"])
    #expect(report.boxes.groups.map(\.categories) == [1, 2, 3])
    #expect(report.boxes.groups.map(\.evaluated) == [1, 1, 2])
    #expect(zip(report.boxes.groups, [1, 0, 0.5]).allSatisfy { abs($0.ap50 - $1) < 1e-12 })
    #expect(report.boxes.statement.contains("3 of 4 categories"))
    #expect(report.proposals?.groups.map(\.recall) == [[0, 0, 0], [1, 1, 1], [0.5, 0.5, 0.5]])
    #expect(
      report.table(categories: false) == """
        COCO box AP, IoU 0.50:0.95, at most 100 detections an image and category, area all, \
        3 of 4 categories
        2 images, 2 detections

        group  categories  with truth     AP   AP50   AP75    APs  APm  APl    AR1   AR10  AR100\
            ARs  ARm  ARl
        base            1           1  100.0  100.0  100.0  100.0    -    -  100.0  100.0  100.0\
          100.0    -    -
        novel           2           1    0.0    0.0    0.0    0.0    -    -    0.0    0.0    0.0\
            0.0    -    -
        all             3           2   50.0   50.0   50.0   50.0    -    -   50.0   50.0   50.0\
           50.0    -    -

        proposal average recall, class-agnostic, IoU 0.50:0.95, at most 100/300/1000 proposals \
        an image, area all

        group  boxes  AR@100  AR@300  AR@1000
        base       1     0.0     0.0      0.0
        novel      1   100.0   100.0    100.0
        all        2    50.0    50.0     50.0

        """)
    #expect(
      report.table().contains(
        """

        category  group  truths  detections     AP   AP50
        cat       base        1           1  100.0  100.0
        dog       novel       1           0    0.0    0.0
        cow       novel       0           0      -      -

        proposal average recall
        """))
    let json = try report.json()
    #expect(try JSONDecoder().decode(EvaluationReport.self, from: json) == report)
    let text = String(decoding: json, as: UTF8.self)
    for part in [
      "\"AP50\" : ", "\"protocol\" : \"coco\"", "\"iou_type\" : \"bbox\"", "\"group\" : \"novel\"",
      "\"format\" : \"vild-evaluation\"",
    ] { #expect(text.contains(part), "\(part)") }
  }

  @Test func aGroupWithoutTruthIsADash() throws {
    let dataset = try dataset()
    let split = try CategorySplit(
      base: ["cat"], novel: ["cow"], of: dataset.categories.map(\.name), source: "test")
    let report = try EvaluationReport(
      detections: DetectionResults([]), of: dataset, split: split)
    #expect(report.boxes.groups[1].ap50 == -1)
    #expect(report.table().contains("novel           1           0    -     -     -"))
    #expect(report.proposals == nil)
  }

  /// Pascal VOC's twenty are listed, COCO's eighty only when asked for.
  @Test(arguments: [20, 80])
  func fewCategoriesAreListed(count: Int) throws {
    let dataset = try COCODataset(
      images: [.init(id: 1, fileName: "1.jpg", width: 100, height: 100)],
      annotations: [.init(id: 1, imageID: 1, categoryID: 3, bbox: [0, 0, 10, 10], area: 100)],
      categories: (1...count).map { .init(id: $0, name: "thing \($0)") }, source: "test")
    let report = try EvaluationReport(
      detections: DetectionResults([detection(1, 3, [0, 0, 10, 10], 0.5)]), of: dataset, by: .voc)
    func rows(_ table: String) -> [[Substring]] {
      table.split(separator: "\n").filter { $0.hasPrefix("thing ") }.map {
        $0.split(separator: " ")
      }
    }
    #expect(rows(report.table()).count == (count == 20 ? 20 : 0))
    #expect(rows(report.table(categories: false)).isEmpty)
    let all = rows(report.table(categories: true))
    #expect(all.count == count && all[2] == ["thing", "3", "1", "1", "100.0"])
    #expect(all[0] == ["thing", "1", "0", "0", "-"])
  }

  @Test func theOrderOfDetectionsDoesNotMatterWithoutTies() throws {
    var generator = SeededGenerator(seed: 4)
    let records = (0..<300).map { index in
      detection(
        Int.random(in: 1...2, using: &generator), Int.random(in: 1...3, using: &generator),
        [Double(index % 50), Double(index % 53), 10, 12], Double(index) / 300)
    }
    let first = try evaluate(records)
    for _ in 0..<5 { #expect(try evaluate(records.shuffled(using: &generator)) == first) }
  }

  @Test func badInputsAreNamed() throws {
    let dataset = try dataset()
    func message(_ body: () throws -> Void) throws -> String {
      try #require(throws: InputError.self, performing: body).description
    }
    #expect(
      try message { _ = try evaluate([detection(9, 1, [0, 0, 1, 1], 1)]) }
        .contains("detections[0].image_id"))
    #expect(
      try message { _ = try evaluate([detection(1, 1, [0, 0, 1, 1], .nan)]) }
        .contains("detections[0]"))
    let image = Proposals(imageID: 1)
    #expect(
      try message { _ = try ProposalRecall([image, image], of: dataset) }.contains("twice"))
    let unknown = Proposals(imageID: 9)
    #expect(
      try message { _ = try ProposalRecall([unknown], of: dataset) }.contains("no such image"))
  }
}

extension DetectionEvaluation {
  /// The scores of all categories together.
  var all: [String: Double] { groups.last!.scores }
}
