import Detection
import Exporting
import Foundation
import Regions
import Support
import TestSupport

/// Three images, one of them without detections, and one that failed.
enum Samples {
  static let names = ["cat", "chat \"noir\" & <b>", "犬, x"]

  /// 16 x 16 pixels with a hole of 4 x 4.
  static let ring = Mask(
    width: 64, height: 48, within: PixelRect(x0: 4, y0: 4, x1: 20, y1: 20)
  ) { x, y in !(8..<12 ~= x && 8..<12 ~= y) }
  static let corner = Mask(
    width: 20, height: 30, within: PixelRect(x0: 0, y0: 1, x1: 3, y1: 3)
  ) { x, y in x + y < 4 }

  static func rows(withMasks: Bool) -> [DetectionFile.Row] {
    [
      .init(
        image: "a/é 1.jpg", id: 5,
        outcome: .detected(
          [
            Detection(
              box: Box(x0: 4, y0: 4, x1: 20, y1: 20), category: 1, score: 0.9,
              mask: withMasks ? ring : nil),
            Detection(
              box: Box(x0: 32, y0: 12, x1: 64, y1: 36), category: 2, score: 0.25,
              mask: withMasks ? ring : nil),
          ], width: 64, height: 48)),
      .init(image: "gone.jpg", id: 6, outcome: .failed(reason: "missing")),
      .init(image: "2.png", id: 3, outcome: .detected([], width: 7, height: 9)),
      .init(
        image: "b.png", id: 9,
        outcome: .detected(
          [
            // Beyond the image on three sides, and another that is all outside.
            Detection(
              box: Box(x0: -3, y0: 1.25, x1: 10, y1: 33), category: 0, score: 0.75,
              mask: withMasks ? corner : nil),
            Detection(
              box: Box(x0: 20, y0: 0, x1: 22, y1: 3), category: 0, score: 0.5,
              mask: withMasks ? corner : nil),
          ], width: 20, height: 30)),
    ]
  }

  static func write(
    _ rows: [DetectionFile.Row], names: [String] = names, parents: [String: String] = [:],
    attributes: [String] = [], to path: String
  ) throws {
    let writer = try DetectionFile.Writer(
      path: path,
      header: .init(
        fingerprint: "f", categories: names, parents: parents, attributes: attributes))
    for row in rows { try writer.append(row) }
    try writer.sync()
  }

  /// Calls `body` with a folder, and the path of the samples in it.
  static func withDetections(
    masks: Bool = false, _ body: (_ folder: String, _ detections: String) throws -> Void
  ) throws {
    try withTemporaryFolder { folder in
      let path = "\(folder)/detections.jsonl"
      try write(rows(withMasks: masks), to: path)
      try body(folder, path)
    }
  }

  @discardableResult
  static func export(
    _ detections: String, as format: DetectionFormat, to output: String,
    _ choice: DetectionChoice = DetectionChoice(),
    _ options: DetectionExport.Options = .init()
  ) throws -> DetectionExport.Summary {
    try DetectionExport(of: detections, as: format, choosing: choice, options).write(to: output)
  }
}

/// The text of a file.
func text(_ path: String) throws -> String { String(decoding: try Files.read(path), as: UTF8.self) }
