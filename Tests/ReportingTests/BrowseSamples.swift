import Corpora
import Detection
import Foundation
import Images
import Regions
import Reporting
import Support
import TestSupport
import Testing

/// Photographs of coloured squares with their detections, and the pages made of them.
enum BrowseSamples {
  /// The second would end a script where brackets are looked for among `Character`s: the Arabic sign
  /// and the bracket behind it are one.
  static let hostile = [
    #"</script><img src=x onerror="document.title='hurt'"> & 'ω' 猫"#,
    "\u{0600}</script><b>\u{202E}", "<!--<script>", "\\\"\u{1}\u{EF80}",
  ]
  static let names = ["red", "green"] + hostile
  static let colors = [Color(220, 30, 30), Color(30, 200, 40), Color(40, 60, 220)]

  /// Images of 90 x 60 pixels with a square of 20 pixels of each colour; of image n the squares are
  /// the names n, n + 1 and n + 2 with falling scores.
  ///
  /// - Returns: the path of the detections.
  static func write(
    _ count: Int, to folder: String, names: [String] = BrowseSamples.names
  ) throws -> String {
    let path = "\(folder)/detections.jsonl"
    let writer = try DetectionFile.Writer(
      path: path, header: .init(fingerprint: "f", categories: names))
    for image in 0..<count {
      var picture = Image(width: 90, height: 60, filledWith: .white)
      let boxes = colors.indices.map { index in
        let (x, y) = (5 + 30 * index, 5 + (7 * image) % 30)
        picture.fill(PixelRect(x0: x, y0: y, x1: x + 20, y1: y + 20), color: colors[index])
        return Box(x0: Float(x), y0: Float(y), x1: Float(x + 20), y1: Float(y + 20))
      }
      let data = picture.jpegData(quality: 95)
      try Files.write(data, to: "\(folder)/\(image).jpg")
      let detections = boxes.enumerated().map { index, box in
        Detection(
          box: box, category: (image + index) % names.count,
          score: 0.9 - Float(index) * 0.3 - Float(image) / 1000)
      }
      try writer.append(
        .init(
          image: "\(image).jpg", id: image, content: Fingerprint.data(data),
          outcome: .detected(detections, width: 90, height: 60)))
    }
    try writer.append(
      .init(image: "no.jpg", id: count, outcome: .failed(reason: "no.jpg: a damaged jpeg")))
    try writer.sync()
    return path
  }

  static func page(
    _ path: String, in folder: String, threshold: Float = 0.5,
    names: Int = BrowseSamples.names.count,
    mostBytes: Int = BrowsePage.mostBytes
  ) -> BrowsePage {
    BrowsePage(
      of: path,
      images: BrowsedImages(.folder(folder), limits: .init(), orientation: .upright),
      thresholds: Array(repeating: threshold, count: names),
      .init(title: "my <photos>", thresholds: "score \(threshold) or more", command: "vild 'a b'"),
      mostBytes: mostBytes)
  }
}

/// What the script of a page reads.
struct BrowsedData {
  /// Name, threshold, objects, histogram.
  let names: [[Any]]
  let crops: [Crop]
  let text: String

  struct Crop {
    let name, kinds: Int
    let score: Double
    let image: String
    let box: [Int]
    let jpeg: Data
    let reason: String
  }

  init(_ path: String) throws {
    let text = String(decoding: try Files.read(path), as: UTF8.self)
    func list(_ id: String) throws -> [[Any]] {
      let start = try #require(text.range(of: "id=\"\(id)-data\">")).upperBound
      let end = try #require(text[start...].range(of: "</script>", options: .literal)).lowerBound
      let object = try JSONSerialization.jsonObject(with: Data(text[start..<end].utf8))
      return try #require(object as? [[Any]])
    }
    self.text = text
    names = try list("names")
    crops = try list("crops").map { fields in
      let jpeg = try #require(fields[5] as? String)
      return Crop(
        name: try #require(fields[0] as? Int), kinds: try #require(fields[1] as? Int),
        score: try #require(fields[2] as? Double), image: try #require(fields[3] as? String),
        box: try #require(fields[4] as? [Int]),
        jpeg: try #require(Data(base64Encoded: jpeg)),
        reason: try #require(fields[6] as? String))
    }
  }
}
