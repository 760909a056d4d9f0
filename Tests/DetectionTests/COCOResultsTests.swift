import Datasets
import Detection
import Foundation
import Regions
import Support
import TestSupport
import Testing

@Suite struct COCOResultsTests {
  private struct Images: Decodable, Equatable {
    struct Image: Decodable, Equatable {
      var id: Int
      var file_name: String
      var width: Int
      var height: Int
    }
    struct Category: Decodable, Equatable {
      var id: Int
      var name: String
    }
    var images: [Image]
    var categories: [Category]
  }

  private func makeDetections(_ path: String, rows: [DetectionFile.Row]) throws {
    let writer = try DetectionFile.Writer(
      path: path, header: .init(fingerprint: "f", categories: ["chat \"noir\"", "犬"]))
    for row in rows { try writer.append(row) }
    try writer.sync()
  }

  private let rows: [DetectionFile.Row] = [
    .init(
      image: "é/1.jpg", id: 5,
      outcome: .detected(
        [
          Detection(box: Box(x0: 0.1, y0: 2, x1: 10, y1: 20), category: 1, score: 0.9),
          Detection(
            box: Box(x0: 1, y0: 2, x1: 3, y1: 4), category: 0, score: 0.25,
            mask: Mask(width: 64, height: 48, polygons: [[1, 2, 3, 2, 3, 4, 1, 4]])),
        ], width: 64, height: 48)),
    .init(image: "gone.jpg", id: 6, outcome: .failed(reason: "missing")),
    .init(image: "2.png", id: 3, outcome: .detected([], width: 7, height: 9)),
  ]

  @Test func idsMeanWhatTheListSays() throws {
    try withTemporaryFolder { folder in
      let (source, results, list) = ("\(folder)/d.jsonl", "\(folder)/r.json", "\(folder)/i.json")
      try makeDetections(source, rows: rows)
      let summary = try COCOResults.export(source, to: results, images: list)
      #expect((summary.images, summary.failures, summary.detections) == (2, 1, 2))
      let images = try JSONDecoder().decode(Images.self, from: Files.read(list))
      #expect(
        images.images == [
          .init(id: 5, file_name: "é/1.jpg", width: 64, height: 48),
          .init(id: 3, file_name: "2.png", width: 7, height: 9),
        ])
      #expect(
        images.categories == [.init(id: 1, name: "chat \"noir\""), .init(id: 2, name: "犬")])
      let dataset = try COCODataset(
        images: images.images.map {
          .init(id: $0.id, fileName: $0.file_name, width: $0.width, height: $0.height)
        }, annotations: [], categories: images.categories.map { .init(id: $0.id, name: $0.name) },
        source: list)
      let records = try DetectionResults(path: results, of: dataset).records
      #expect(records.map(\.imageID) == [5, 5])
      #expect(records.map(\.categoryID) == [2, 1])
      #expect(records.map { Float($0.score) } == [0.9, 0.25])
      #expect(records[0].bbox == Box(x0: 0.1, y0: 2, x1: 10, y1: 20).xywh)
      // Two columns of two pixels, from the third row on: 50, 2, 46, 2 pixels and the rest.
      let text = String(decoding: try Files.read(results), as: UTF8.self)
      let mask = try Mask(width: 64, height: 48, counts: [50, 2, 46, 2, 64 * 48 - 100])
      #expect(
        text.contains(
          "\"segmentation\":{\"size\":[48,64],\"counts\":\(JSONText.string(mask.compressed))}}"))
      #expect(text.components(separatedBy: "segmentation").count == 2)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder).count == 3)
    }
  }

  @Test func categoriesTakeADataSetsIDs() throws {
    try withTemporaryFolder { folder in
      let (source, results, list) = ("\(folder)/d.jsonl", "\(folder)/r.json", "\(folder)/i.json")
      try makeDetections(source, rows: rows)
      _ = try COCOResults.export(source, to: results, images: list, categoryIDs: [17, 90])
      let images = try JSONDecoder().decode(Images.self, from: Files.read(list))
      #expect(images.categories.map(\.id) == [17, 90])
      let text = try String(contentsOfFile: results, encoding: .utf8)
      #expect(text.contains("\"category_id\":90") && text.contains("\"category_id\":17"))
    }
  }

  @Test func aDamagedSourceLeavesTheOldFiles() throws {
    try withTemporaryFolder { folder in
      let (source, results, list) = ("\(folder)/d.jsonl", "\(folder)/r.json", "\(folder)/i.json")
      try makeDetections(source, rows: rows)
      _ = try COCOResults.export(source, to: results, images: list)
      let before = try [results, list].map { try Files.read($0) }
      let cut = try Files.read(source).dropLast(5)
      try cut.write(to: URL(filePath: source))
      #expect(throws: InputError.self) {
        try COCOResults.export(source, to: results, images: list)
      }
      #expect(try [results, list].map { try Files.read($0) } == before)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder).count == 3)
    }
  }

  @Test func nothingAtAllIsAnEmptyList() throws {
    try withTemporaryFolder { folder in
      let (source, results, list) = ("\(folder)/d.jsonl", "\(folder)/r.json", "\(folder)/i.json")
      try makeDetections(source, rows: [])
      #expect(try COCOResults.export(source, to: results, images: list).images == 0)
      #expect(try JSONDecoder().decode(Images.self, from: Files.read(list)).images == [])
      #expect(try JSONDecoder().decode([Int].self, from: Files.read(results)) == [])
    }
  }
}
