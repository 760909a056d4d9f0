import Datasets
import Evaluation
import Foundation
import Regions
import Support
import TestSupport
import Testing

/// What pycocotools gave: `Goldens/make_cases.py`.
struct GoldenCases: Decodable {
  struct Case: Decodable {
    var images, categories: [Int]
    var annotations, detections: [[Double]]
    var stats: [Double]
    var perCategory: [String: [Double]]
    var some: [Int]
    var someStats: [Double]
    var limits: [Int]
    var recall, someRecall: [Double]

    func dataset() throws -> COCODataset {
      try COCODataset(
        images: images.map { .init(id: $0, fileName: "\($0).jpg", width: 200, height: 160) },
        annotations: annotations.map {
          .init(
            id: Int($0[0]), imageID: Int($0[1]), categoryID: Int($0[2]), bbox: Array($0[3..<7]),
            area: $0[7], isCrowd: $0[8] == 1)
        },
        categories: categories.map { .init(id: $0, name: "category \($0)") }, source: "golden")
    }

    func records() -> [DetectionRecord] {
      detections.map {
        DetectionRecord(
          imageID: Int($0[0]), categoryID: Int($0[1]), bbox: Array($0[2..<6]), score: $0[6])
      }
    }
  }
  struct Example: Decodable {
    var limits: [Int]
    var recall, baseRecall: [Double]
  }
  var cases: [Case]
  var example: Example

  static func load() throws -> GoldenCases {
    let data = try Data(contentsOf: URL(filePath: fixture("Goldens/cases.json")))
    return try JSONDecoder().decode(GoldenCases.self, from: data)
  }
}

func agree(_ a: [Double], _ b: [Double]) -> Bool {
  a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) <= 1e-9 }
}

/// Detections as class-agnostic proposals, best first, ties in the order given.
func proposals(_ records: [DetectionRecord]) -> [Proposals] {
  Dictionary(grouping: records, by: \.imageID).map { id, records in
    let order = descendingOrder(records.map { Float($0.score) })
    return Proposals(
      imageID: id,
      regions: order.map {
        let (bbox, score) = (records[$0].bbox, records[$0].score)
        return Region(
          box: Box(x: bbox[0], y: bbox[1], width: bbox[2], height: bbox[3]), score: Float(score))
      })
  }
}

@Suite struct GoldenTests {
  let golden: GoldenCases

  init() throws { golden = try GoldenCases.load() }

  @Test func averagePrecisionEqualsPycocotools() throws {
    for golden in golden.cases {
      let dataset = try golden.dataset()
      let results = DetectionResults(golden.records())
      let result = try DetectionEvaluation(results, of: dataset, by: .coco)
      #expect(agree(result.figures.map { result.all[$0]! }, golden.stats))
      #expect(result.categories.map(\.id) == golden.categories.sorted())
      for category in result.categories {
        let expected = try #require(golden.perCategory["\(category.id)"])
        #expect(agree(["AP", "AP50", "AP75"].map { category.scores[$0]! }, expected))
      }
      let split = try CategorySplit(
        base: golden.some.map { "category \($0)" }, novel: [], of: dataset.categories.map(\.name),
        source: "test")
      let some = try DetectionEvaluation(results, of: dataset, by: .coco, split: split)
      #expect(agree(some.figures.map { some.all[$0]! }, golden.someStats))
      #expect(some.statement.contains("\(golden.some.count) of \(golden.categories.count)"))
    }
  }

  @Test func proposalRecallEqualsPycocotools() throws {
    for golden in golden.cases {
      let dataset = try golden.dataset()
      let names = golden.some.map { "category \($0)" }
      let split = try CategorySplit(
        base: names,
        novel: dataset.categories.map(\.name).filter { !names.contains($0) },
        of: dataset.categories.map(\.name), source: "test")
      let result = try ProposalRecall(
        proposals(golden.records()), of: dataset, split: split, limits: golden.limits)
      #expect(result.groups.map(\.name) == ["base", "novel", "all"])
      #expect(agree(result.groups[0].recall, golden.someRecall))
      #expect(agree(result.groups[2].recall, golden.recall))
      let alone = try ProposalRecall(
        proposals(golden.records()), of: dataset, limits: golden.limits)
      #expect(alone.groups == [result.groups[2]])
    }
  }

  @Test(.enabled(if: Shared.has("eval/cocoapi_100/expected.json")))
  func theExampleOfTheCOCOInterface() throws {
    let folder = Shared.path("eval/cocoapi_100")
    let dataset = try COCODataset(path: "\(folder)/instances_val2014_100.json")
    let results = try DetectionResults(
      path: "\(folder)/instances_val2014_fakebbox100_results.json", of: dataset)
    struct Expected: Decodable { var bbox, segm: [Double] }
    let expected = try JSONDecoder().decode(
      Expected.self, from: Data(contentsOf: URL(filePath: "\(folder)/expected.json")))
    let result = try DetectionEvaluation(results, of: dataset, by: .coco)
    #expect(agree(result.figures.map { result.all[$0]! }, expected.bbox))
    let masks = try EvaluationReport(
      detections: DetectionResults(
        path: "\(folder)/instances_val2014_fakesegm100_results.json", of: dataset), of: dataset
    ).evaluations[1]
    #expect(masks.iouType == .mask)
    #expect(agree(masks.figures.map { masks.all[$0]! }, expected.segm))

    let names = dataset.categories.map(\.name)
    let base = names.enumerated().filter { $0.offset % 2 == 0 }.map(\.element)
    let split = try CategorySplit(
      base: base, novel: names.filter { !base.contains($0) }, of: names, source: "test")
    let recall = try ProposalRecall(
      proposals(results.records), of: dataset, split: split, limits: golden.example.limits)
    #expect(agree(recall.groups[2].recall, golden.example.recall))
    #expect(agree(recall.groups[0].recall, golden.example.baseRecall))
  }

  @Test(.enabled(if: Shared.has("eval/lvis_100/lvis_jitter_expected.json")))
  func theExampleOfLVIS() throws {
    let folder = Shared.path("eval/lvis_100")
    let dataset = try COCODataset(path: "\(folder)/lvis_val_100.json")
    let results = try DetectionResults(path: "\(folder)/lvis_jitter_results_100.json", of: dataset)
    let report = try EvaluationReport(detections: results, of: dataset)
    #expect(report.evaluations.map(\.protocol) == [.lvis])
    let expected = try JSONDecoder().decode(
      [String: Double].self,
      from: Data(contentsOf: URL(filePath: "\(folder)/lvis_jitter_expected.json")))
    let groups = Dictionary(uniqueKeysWithValues: report.boxes.groups.map { ($0.name, $0) })
    let frequency = ["APr": "rare", "APc": "common", "APf": "frequent"]
    for (figure, value) in expected {
      let ours = frequency[figure].map { groups[$0]!.ap } ?? report.boxes.all[figure]!
      #expect(agree([ours], [value]), "\(figure)")
    }
  }
}
