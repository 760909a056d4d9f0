import Datasets
import Evaluation
import Foundation
import Regions
import Support
import TestSupport
import Testing

/// Whatever a file holds, a reader gives a value or an `InputError`, and never traps. Ten minutes by
/// hand: `VILD_FUZZ_SECONDS=600 swift test --filter ReaderFuzzTests`.
@Suite(.serialized) struct ReaderFuzzTests {
  /// One of the eight tests'.
  private static let share = 1.0 / 8

  private static let annotationsText = """
    {"images": [{"id": 1, "file_name": "1.jpg", "width": 12, "height": 9},
      {"id": 2, "file_name": "b/2.jpg", "width": 7, "height": 8}],
     "annotations": [
      {"id": 1, "image_id": 1, "category_id": 2, "bbox": [1, 1, 5.5, 4], "area": 20, "iscrowd": 0,
       "segmentation": [[1, 1, 6.5, 1, 6.5, 5, 1, 5], [7, 7, 9, 7, 8, 8.5]]},
      {"id": 2, "image_id": 1, "category_id": 1, "bbox": [0, 0, 12, 9], "area": 90, "iscrowd": 1,
       "segmentation": {"size": [9, 12], "counts": [9, 40, 59]}},
      {"id": 3, "image_id": 2, "category_id": 1, "bbox": [0, 2, 7, 5], "area": 12, "ignore": 1,
       "segmentation": {"size": [8, 7], "counts": "80P1"}, "visible": 0.5}],
     "categories": [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}, {"id": 3, "name": "owl"}]}
    """
  private static let lvisText = """
    {"images": [{"id": 1, "coco_url": "http://images/val2017/1.jpg", "width": 12, "height": 9,
       "neg_category_ids": [3], "not_exhaustive_category_ids": [1]},
      {"id": 2, "file_name": "2.jpg", "width": 7, "height": 8,
       "neg_category_ids": [], "not_exhaustive_category_ids": []}],
     "annotations": [{"id": 1, "image_id": 1, "category_id": 2, "bbox": [1, 1, 5.5, 4], "area": 20,
       "segmentation": [[1, 1, 6.5, 1, 6.5, 5, 1, 5]]}],
     "categories": [
      {"id": 1, "name": "cat", "frequency": "r", "synonyms": ["cat", "puss"], "def": "a \\u00e9",
       "image_count": 1, "instance_count": 2},
      {"id": 2, "name": "dog", "frequency": "c", "synonyms": []},
      {"id": 3, "name": "owl", "frequency": "f"}]}
    """
  private static let detectionsText = """
    [{"image_id": 1, "category_id": 2, "bbox": [1, 1, 5, 4], "score": 0.9,
      "segmentation": [[1, 1, 6, 1, 6, 5, 1, 5]]},
     {"image_id": 1, "category_id": 1, "score": 0.75,
      "segmentation": {"size": [9, 12], "counts": [9, 40, 59]}},
     {"image_id": 2, "category_id": 1, "bbox": [0, 2, 7, 5], "score": -1e-3,
      "segmentation": {"size": [8, 7], "counts": "80P1"}}]
    """
  private static let proposalsText = """
    {"format":"vild-proposals","version":1,"label_set":["dog"],"source":"s","nms":0.9,"top":3,"images":2}
    {"image_id":1,"boxes":[[0,0,1.5,1],[2,2,3,3]],"scores":[0.75,0.5]}
    {"image_id":2,"boxes":[],"scores":[]}

    """

  /// What a reader may throw is one line without control characters.
  private func valueOrInputError(_ body: () throws -> Void) throws {
    do {
      try body()
    } catch let error as InputError {
      let line = error.description
      #expect(!line.isEmpty && !line.unicodeScalars.contains { $0.value < 0x20 }, "\(line)")
    }
  }

  /// By every protocol, boxes and masks.
  private func evaluate(_ results: DetectionResults, _ dataset: COCODataset) throws {
    for rules in EvaluationProtocol.allCases {
      try valueOrInputError {
        let report = try EvaluationReport(detections: results, of: dataset, by: rules)
        _ = try (report.table(), report.json())
      }
    }
    try valueOrInputError {
      _ = try EvaluationReport(detections: results, of: dataset, by: .coco, [.mask])
    }
  }

  private func whole(_ text: String) throws -> COCODataset {
    try COCODataset(json: Array(text.utf8), source: "truth.json")
  }

  @Test(arguments: [("annotations", annotationsText), ("lvis", lvisText)])
  func damagedAnnotations(name: String, text: String) throws {
    try withTemporaryFolder { folder in
      let found = "\(folder)/dets.json"
      try Data(Self.detectionsText.utf8).write(to: URL(filePath: found))
      try Fuzzing.run(name, share: Self.share, samples: [Array(text.utf8)]) { bytes in
        try valueOrInputError {
          let dataset = try COCODataset(json: bytes, source: "truth.json")
          try valueOrInputError { try dataset.validateMasks() }
          _ = try? dataset.splitByFrequency(source: "truth.json")
          try evaluate(DetectionResults(path: found, of: dataset), dataset)
        }
      }
    }
  }

  @Test func damagedDetections() throws {
    let datasets = try [whole(Self.annotationsText), whole(Self.lvisText)]
    try withTemporaryFolder { folder in
      let path = "\(folder)/dets.json"
      var round = 0
      try Fuzzing.run(
        "detections", share: Self.share, samples: [Array(Self.detectionsText.utf8)]
      ) { bytes in
        round += 1
        let dataset = datasets[round % 2]
        try Data(bytes).write(to: URL(filePath: path))
        try valueOrInputError {
          let results = try DetectionResults(path: path, of: dataset)
          for (index, record) in results.records.enumerated() {
            if let image = dataset.image(record.imageID) {
              try valueOrInputError { _ = try results.mask(at: index, in: image) }
            }
          }
          try evaluate(results, dataset)
        }
      }
    }
  }

  @Test func damagedPascalVOC() throws {
    let page = """
      <annotation verified="yes" xmlns:x="u"><filename>a.jpg</filename><size><width>64</width><height>48</height></size>
      <object><name>dog</name><difficult>0</difficult><bndbox><xmin>1</xmin><ymin>2</ymin>
      <xmax>30.5</xmax><ymax>40</ymax></bndbox></object>
      <object><name>owl &amp; co</name><difficult>1</difficult><bndbox><xmin>1</xmin><ymin>2</ymin>
      <xmax>64</xmax><ymax>48</ymax></bndbox></object></annotation>
      """
    try withTemporaryFolder { folder in
      let path = "\(folder)/a.xml"
      let declared = "<?xml version=\"1.0\" encoding=\"GBK\"?>\n" + page
      let samples = [page, declared].map { Array($0.utf8) }
      try Fuzzing.run("voc", share: Self.share, samples: samples) { bytes in
        try Data(bytes).write(to: URL(filePath: path))
        try valueOrInputError {
          let dataset = try COCODataset(path: folder)
          let found = dataset.annotations.map {
            DetectionRecord(imageID: 1, categoryID: $0.categoryID, bbox: $0.bbox, score: 1)
          }
          try evaluate(DetectionResults(found), dataset)
        }
      }
    }
  }

  @Test func damagedProposals() throws {
    let dataset = try whole(Self.annotationsText)
    let results =
      #"[{"image_id": 1, "bbox": [1, 1, 5, 4], "score": 0.9}, "#
      + #"{"image_id": 2, "category_id": 1, "bbox": [0, 0, 2.5, 1], "score": 0.25}]"#
    try withTemporaryFolder { folder in
      let path = "\(folder)/proposals"
      try Fuzzing.run(
        "proposals", share: Self.share,
        samples: [Self.proposalsText, results].map { Array($0.utf8) }
      ) { bytes in
        try Data(bytes).write(to: URL(filePath: path))
        try valueOrInputError {
          let given = try GivenProposals(path: path)
          let file =
            given.isCOCOResults
            ? try ProposalsFile(
              results: given, imageIDs: [1, 2], labelSet: [], source: "s", nms: 1)
            : try ProposalsFile(given, imageIDs: [1, 2])
          let images = try file.imageIDs.map(file.proposals)
          _ = try ProposalRecall(images, of: dataset)
          let best = file.filtered(by: ProposalsFilter(minimumScore: 0.3, top: 1))
          for image in images {
            let kept = try best.proposals(of: image.imageID).regions
            #expect(kept == Array(image.regions.filter { $0.score >= 0.3 }.prefix(1)))
          }
        }
      }
    }
  }

  @Test func damagedRunLengths() throws {
    let samples = ["80P1", "32103", "PPYo1 0ooooooooooo0", "0"].map { Array($0.utf8) }
    try Fuzzing.run("runs", share: Self.share, samples: samples, seed: 7) { bytes in
      let text = String(decoding: bytes, as: UTF8.self)
      for (width, height) in [(7, 8), (4, 3), (1, 1), (65535, 65535), (Int.max, 2), (0, 5)] {
        try valueOrInputError {
          let mask = try Mask(width: width, height: height, compressed: text)
          _ = (mask.area, mask.bounds, mask.compressed)
        }
        let counts = bytes.map { Int($0) - 40 } + [width]
        try valueOrInputError { _ = try Mask(width: width, height: height, counts: counts) }
      }
    }
  }

  @Test func damagedSplitsAndLists() throws {
    let samples = [
      #"{"base": ["dog", "cat"], "novel": ["owl"]}"#, "cat\ndog | hound\n# owl\n",
      #"[{"name": "cat", "synonyms": ["puss"]}, "dog"]"#, "1.jpg\n2 -1\nb/2.jpg 1\n",
    ].map { Array($0.utf8) }
    try withTemporaryFolder { folder in
      let (path, truth) = ("\(folder)/list", "\(folder)/truth.json")
      try Data(Self.annotationsText.utf8).write(to: URL(filePath: truth))
      try Fuzzing.run("lists", share: Self.share, samples: samples) { bytes in
        try Data(bytes).write(to: URL(filePath: path))
        for read in [
          { _ = try CategorySplit(path: path, of: ["cat", "dog", "owl"]) },
          { _ = try Vocabulary(path: path) },
          { _ = try COCODataset(path: truth, choosing: ImageChoice(list: path, limit: 1)) },
        ] as [() throws -> Void] { try valueOrInputError(read) }
      }
    }
  }

  /// Packed files that are damaged, and text that is.
  @Test func damagedCreditsAndPackedFiles() throws {
    let credits = """
      {"licenses": [{"id": 4, "name": "Attribution License", "url": "http://l"}],
       "images": [{"id": 1, "license": 4, "flickr_url": "http://f/1_2.jpg", "coco_url": null}]}
      """
    let packed = Data(
      base64Encoded: "H4sIAAAAAAACA1NQAAIArTV2MQUAAAA=")!
    try withTemporaryFolder { folder in
      let path = "\(folder)/credits.json"
      try Fuzzing.run(
        "credits", share: Self.share, samples: [Array(credits.utf8), [UInt8](packed)]
      ) { bytes in
        try Data(bytes).write(to: URL(filePath: path))
        try valueOrInputError { _ = try PhotographCredits(path: path) }
      }
    }
  }
}
