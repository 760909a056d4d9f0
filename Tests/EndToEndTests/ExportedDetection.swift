import Foundation
import Images
import Regions
import Support
import TestSupport
import Testing

/// A detection as a program in Python prints it, or as a line of `vild detect` has it.
struct ExportedDetection {
  var score: Double
  var name: String
  var edges: [Double]

  /// What a program prints; nil, said loudly, where Python has not what it needs.
  static func found(
    by program: String, in folder: String, of image: String, needing modules: String
  ) throws -> [ExportedDetection]? {
    try Files.write(Data(program.utf8), to: "\(folder)/example.py")
    guard try hasPython(modules) else { return nil }
    let words = ["-c", #"cd "$0" && exec python3 example.py "$1""#, folder, image]
    let result = try #require(try run("sh", words))
    try #require(result.code == 0, "\(result.output)")
    return try result.output.split(separator: "\n").map { line in
      let words = line.split(separator: " ")
      let numbers = try ([words[0]] + words.suffix(4)).map { try #require(Double($0)) }
      return ExportedDetection(
        score: numbers[0], name: words.dropFirst().dropLast(4).joined(separator: " "),
        edges: Array(numbers.dropFirst()))
    }
  }

  static func hasPython(_ modules: String) throws -> Bool {
    guard let look = try run("python3", ["-c", "import \(modules)"]) else { return false }
    guard look.code != 0 else { return true }
    let reason = look.output.split(separator: "\n").last ?? ""
    FileHandle.standardError.write(
      Data("SKIPPED: Python cannot import \(modules): \(reason)\n".utf8))
    return false
  }
}

extension Place {
  /// Makes a folder with one image, blocks.png.
  func writeBlocks() throws -> String {
    let pictures = "\(folder)/pictures"
    try Files.createFolder(pictures)
    var image = Image(width: 131, height: 90, filledWith: Color(120, 130, 140))
    image.fill(PixelRect(x0: 20, y0: 15, x1: 60, y1: 70), color: Color(220, 30, 30))
    image.fill(PixelRect(x0: 80, y0: 30, x1: 120, y1: 60), color: Color(40, 60, 220))
    try Files.write(image.pngData(), to: "\(pictures)/blocks.png")
    return pictures
  }

  /// What `vild detect` finds in the one image of a corpus.
  func detected(in corpus: String) throws -> [ExportedDetection] {
    let outcome = try run("detect", "--corpus", corpus, "--no-pictures")
    try #require(outcome.status == 0, "\(outcome.errors)")
    let path = try #require(outcome.output.split(separator: "\n").last)
    let line = try #require(
      try Files.read(String(path)).split(separator: UInt8(ascii: "\n")).last)
    let row = try #require(try JSONSerialization.jsonObject(with: line) as? [String: Any])
    let detections = try #require(row["detections"] as? [[String: Any]])
    return try detections.map { found in
      let box = try #require(found["bbox"] as? [Double])
      return ExportedDetection(
        score: try #require(found["score"] as? Double),
        name: try #require(found["category"] as? String),
        edges: [box[0], box[1], box[0] + box[2], box[1] + box[3]])
    }
  }
}

extension [ExportedDetection] {
  func compare(with expected: [ExportedDetection]) {
    #expect(!expected.isEmpty && count == expected.count)
    for (one, other) in zip(self, expected) {
      #expect(one.name == other.name)
      #expect(abs(one.score - other.score) < 1e-5 + 1e-6)
      for (edge, wanted) in zip(one.edges, other.edges) { #expect(abs(edge - wanted) < 2e-3) }
    }
  }
}
