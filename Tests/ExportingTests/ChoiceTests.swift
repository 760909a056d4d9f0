import Detection
import Evaluation
import Exporting
import Foundation
import Regions
import Support
import TestSupport
import Testing

/// Which detections are exported.
@Suite struct ChoiceTests {
  /// One box under two names, a box that overlaps it by 0.6, and one far away.
  private static let rows = [
    DetectionFile.Row(
      image: "1.jpg", id: 1,
      outcome: .detected(
        [
          Detection(box: Box(x0: 0, y0: 0, x1: 40, y1: 40), category: 0, score: 0.9),
          Detection(box: Box(x0: 0, y0: 0, x1: 40, y1: 40), category: 1, score: 0.8),
          Detection(box: Box(x0: 10, y0: 0, x1: 50, y1: 40), category: 1, score: 0.7),
          Detection(box: Box(x0: 60, y0: 60, x1: 90, y1: 90), category: 0, score: 0.6),
        ], width: 100, height: 100))
  ]

  /// The scores that are exported.
  private func scores(_ choice: DetectionChoice) throws -> [String] {
    try withTemporaryFolder { folder in
      try Samples.write(Self.rows, names: ["cat", "dog"], to: "\(folder)/d.jsonl")
      try Samples.export("\(folder)/d.jsonl", as: .csv, to: "\(folder)/t.csv", choice)
      return try text("\(folder)/t.csv").split(separator: "\n").dropFirst().map {
        String($0.split(separator: ",")[4])
      }
    }
  }

  @Test func allWithoutAChoice() throws {
    #expect(try scores(.init()) == ["0.9", "0.8", "0.7", "0.6"])
  }

  @Test func theBestAndTheLikely() throws {
    #expect(try scores(.init(top: 2)) == ["0.9", "0.8"])
    // A score that is as large is large enough, though 0.7 has more digits as a threshold.
    #expect(try scores(.init(threshold: 0.7)) == ["0.9", "0.8", "0.7"])
    #expect(try scores(.init(threshold: 1)) == [])
  }

  @Test func duplicates() throws {
    // The IoU is 30 / 50.
    #expect(try scores(.init(suppression: .perCategory)) == ["0.9", "0.8", "0.6"])
    #expect(
      try scores(.init(suppression: .perCategory, overlap: 0.65)) == ["0.9", "0.8", "0.7", "0.6"])
    #expect(try scores(.init(suppression: .oneLabelPerBox)) == ["0.9", "0.7", "0.6"])
    #expect(try scores(.init(suppression: .agnostic)) == ["0.9", "0.6"])
    #expect(try scores(.init(top: 2, suppression: .agnostic)) == ["0.9", "0.6"])
  }

  @Test func aScoreAName() throws {
    let file = CategoryThresholds(
      all: .init(score: 0.85), categories: ["dog": .init(score: 0.75), "cow": .init(score: 0)])
    #expect(try scores(.init(thresholds: file)) == ["0.9", "0.8"])
    // What will not do suppresses nothing.
    let dogs = CategoryThresholds(all: nil, categories: ["cat": .init(score: nil)])
    #expect(try scores(.init(thresholds: dogs, suppression: .agnostic)) == ["0.8"])
    #expect(try scores(.init(thresholds: dogs, threshold: 0.75)) == ["0.8"])
  }

  /// Damage is found, and the earlier export stays.
  @Test func damagedDetections() throws {
    try Samples.withDetections { folder, detections in
      let output = "\(folder)/t.csv"
      try Samples.export(detections, as: .csv, to: output)
      let before = try Files.read(output)
      var bytes = try Files.read(detections)
      bytes[bytes.count / 2] ^= 1
      try bytes.write(to: URL(filePath: detections))
      #expect(throws: InputError.self) {
        try Samples.export(detections, as: .csv, to: output)
      }
      #expect(try Files.read(output) == before)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder).count == 2)
    }
  }

  @Test func xmlHasNoControlCharacters() throws {
    try withTemporaryFolder { folder in
      let rows = [
        DetectionFile.Row(
          image: "a\u{1}.jpg", id: 1, outcome: .detected([], width: 4, height: 4))
      ]
      try Samples.write(rows, to: "\(folder)/d.jsonl")
      #expect {
        try Samples.export("\(folder)/d.jsonl", as: .cvat, to: "\(folder)/c.xml")
      } throws: { "\($0)".contains("a character that XML does not have (got U+1)") }
      try Samples.export("\(folder)/d.jsonl", as: .coco, to: "\(folder)/c.json")
      #expect(try text("\(folder)/c.json").contains(#""a\u0001.jpg""#))
    }
  }
}
