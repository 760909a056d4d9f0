import Datasets
import Detection
import Evaluation
import Images
import Regions
import Reporting
import Testing

/// Two images of 100 x 80 pixels; a cat and a novel fox in the first, a cat in the second. One
/// category's name is of the kind that would break a page.
enum Sample {
  static let hostile = #"<b>"R&D"</b> 'ω' 猫"#
  static let names = ["cat", "fox", hostile]

  static func dataset() throws -> COCODataset {
    try COCODataset(
      images: [1, 2].map { .init(id: $0, fileName: "\($0).jpg", width: 100, height: 80) },
      annotations: [
        .init(id: 1, imageID: 1, categoryID: 1, bbox: [0, 0, 20, 20], area: 400),
        .init(id: 2, imageID: 1, categoryID: 2, bbox: [40, 40, 20, 20], area: 400),
        .init(id: 3, imageID: 2, categoryID: 1, bbox: [50, 10, 40, 40], area: 1600),
      ],
      categories: names.enumerated().map { .init(id: $0.offset + 1, name: $0.element) },
      source: "sample")
  }

  static func split() throws -> CategorySplit {
    try CategorySplit(base: ["cat", hostile], novel: ["fox"], of: names, source: "sample")
  }

  /// In the first image the cat, found with IoU 0.875, and a hostile name where nothing is; in the
  /// second a fox where the cat is.
  static let detections: [Int: [Detection]] = [
    1: [
      Detection(
        box: Box(x0: 0, y0: 0, x1: 20, y1: 17.5), category: 0, score: 0.9,
        mask: Mask(width: 100, height: 80, within: PixelRect(x0: 2, y0: 3, x1: 5, y1: 17)) {
          $0 == 3 || $1 < 7
        }),
      Detection(box: Box(x0: 70, y0: 0, x1: 90, y1: 20), category: 2, score: 0.5),
      Detection(box: Box(x0: 40, y0: 40, x1: 60, y1: 60), category: 1, score: 0.2),
    ],
    2: [Detection(box: Box(x0: 50, y0: 10, x1: 90, y1: 50), category: 1, score: 0.8)],
  ]

  static func evaluation(proposals: Bool = true) throws -> EvaluationReport {
    let records = detections.flatMap { image, found in
      found.map {
        DetectionRecord(
          imageID: image, categoryID: $0.category + 1, bbox: $0.box.xywh, score: Double($0.score))
      }
    }
    let box = Box(x0: 0, y0: 0, x1: 20, y1: 20)
    let boxes = [Proposals(imageID: 1, regions: [Region(box: box, score: 1)])]
    return try EvaluationReport(
      detections: DetectionResults(records), of: dataset(), split: split(),
      proposals: proposals ? ProposalRecall(boxes, of: dataset(), split: split()) : nil)
  }

  static func gallery(threshold: Float = 0.3) throws -> SceneGallery {
    let dataset = try dataset()
    var ranking = SceneRanking(
      dataset, split: try split(), vocabulary: names,
      thresholds: DrawThresholds(given: threshold, chosen: nil))
    for image in dataset.images { ranking.add(detections[image.id] ?? [], of: image) }
    #expect(ranking.hasMasks && ranking.shown(most: 6) == [1, 2])
    for image in dataset.images { ranking.keepMasks(of: detections[image.id] ?? [], in: image) }
    let gallery = ranking.gallery(most: 6) { image in
      image.id == 1 ? Image(width: 100, height: 80, filledWith: Color(200, 120, 40)) : nil
    }
    return try #require(gallery)
  }

  static func run(_ name: String = "sample", method: String = "vild") throws -> ReportedRun {
    ReportedRun(
      name: name, method: method, summary: "method \(method)", evaluation: try evaluation(),
      trainings: [
        .init(
          name: "Student",
          diagrams: [.init(svg: "<svg id=\"curve\"></svg>", explanation: "What is < 1.")],
          unchanged: ["distilled 16"])
      ],
      gallery: try gallery(), counts: [("training images", 12)],
      pipeline: "name: \(name) # <&>\n")
  }
}
