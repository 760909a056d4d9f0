import Foundation
import Regions
import TestSupport
import Testing

/// What torchvision and Python gave: `Goldens/make_cases.py`.
struct GoldenCases: Decodable {
  struct Suppression: Decodable {
    var boxes: [[Float]]
    var scores: [Float]
    var threshold: Double
    var kept: [Int]
  }
  struct Coding: Decodable {
    var weights: [Float]
    var references, targets, encoded, deltas, decoded: [[Float]]
  }
  struct Matching: Decodable {
    var foreground, background: Float
    var lowQuality: Bool
    var truths, boxes: [[Float]]
    var matches: [Int]
  }
  struct Cropping: Decodable {
    var box: [Double]
    var image: [Int]
    var crops: [[Int]]
  }
  var suppression: [Suppression]
  var coding: [Coding]
  var matching: [Matching]
  var cropping: [Cropping]

  static func load() throws -> GoldenCases {
    let data = try Data(contentsOf: URL(filePath: fixture("Goldens/cases.json")))
    return try JSONDecoder().decode(GoldenCases.self, from: data)
  }
}

extension Box {
  init(_ edges: [Float]) { self.init(x0: edges[0], y0: edges[1], x1: edges[2], y1: edges[3]) }
}

@Suite struct GoldenTests {
  let cases: GoldenCases

  init() throws { cases = try GoldenCases.load() }

  @Test func suppressionEqualsTorchvision() {
    for golden in cases.suppression {
      let boxes = golden.boxes.map { Box($0) }
      #expect(
        nonMaximumSuppression(
          boxes: boxes, scores: golden.scores, iouThreshold: golden.threshold) == golden.kept)
      let matrix = OverlapMatrix(boxes: boxes, iouThreshold: golden.threshold)
      #expect(matrix.suppress(order: descendingOrder(golden.scores)) == golden.kept)
    }
  }

  @Test func deltasEqualTorchvision() {
    for golden in cases.coding {
      let coder = BoxDeltas(weights: SIMD4(golden.weights))
      for row in golden.references.indices {
        let reference = Box(golden.references[row])
        let encoded = coder.encode(Box(golden.targets[row]), reference: reference)
        #expect(close(encoded, SIMD4(golden.encoded[row])))
        let decoded = coder.decode(SIMD4(golden.deltas[row]), reference: reference)
        #expect(
          close(
            SIMD4(decoded.x0, decoded.y0, decoded.x1, decoded.y1), SIMD4(golden.decoded[row])))
      }
    }
  }

  @Test func matchingEqualsTorchvision() {
    for golden in cases.matching {
      let rule = MatchRule(
        foreground: golden.foreground, background: golden.background,
        allowsLowQuality: golden.lowQuality)
      let matches = match(
        golden.boxes.map { Box($0) }, to: golden.truths.map { Box($0) }, rule: rule)
      let expected = golden.matches.map { code -> Match in
        code >= 0 ? .foreground(code) : code == -1 ? .background : .ignored
      }
      #expect(matches == expected)
    }
  }

  @Test func cropsEqualPython() {
    for golden in cases.cropping {
      let (box, image) = (golden.box, golden.image)
      let crops = CropRule().crops(
        x: box[0], y: box[1], width: box[2], height: box[3],
        imageWidth: image[0], imageHeight: image[1])
      #expect(crops.map { [$0.x0, $0.y0, $0.x1, $0.y1] } == golden.crops)
    }
  }

  private func close(_ a: SIMD4<Float>, _ b: SIMD4<Float>) -> Bool {
    (0..<4).allSatisfy { abs(a[$0] - b[$0]) <= 2e-6 * max(1, abs(b[$0])) }
  }
}
