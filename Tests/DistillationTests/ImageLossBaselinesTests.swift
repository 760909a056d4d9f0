import Cache
import Distillation
import Foundation
import Regions
import Support
import TestSupport
import Testing
import Training

@Suite struct ImageLossBaselinesTests {
  private func record(_ id: Int, _ vectors: [[Float]]) -> CacheRecord {
    CacheRecord(
      imageID: id, width: 9, height: 9,
      regions: EmbeddedRegions(
        vectors.map { _ in Region(box: Box(x0: 0, y0: 0, x1: 8, y1: 8), score: 1) },
        vectors: vectors.flatMap(\.self)))
  }

  private func baselines(
    _ records: [CacheRecord], dimension: Int, regionsPerImage: Int = 300
  ) throws -> ImageLossBaselines? {
    try withTemporaryFolder { folder in
      let recipe = sampleRecipe(dimension: dimension)
      try fill(folder, records, recipe: recipe, unitSize: 2)
      return try ImageLossBaselines(
        cache: UsableImages(of: CacheReader(folder: folder, recipe: recipe)),
        regionsPerImage: regionsPerImage, stage: "test", on: .silent)
    }
  }

  private let right: [Float] = [1, 0]
  private let up: [Float] = [0, 1]

  /// Regions right, up and right, the first two of one image; beside them an image that failed and
  /// one without regions. The mean of all is (2, 1) / √5: a region to the right costs 1 - 2/√5 + 1/√5,
  /// that upwards 1 + 1/√5. The first image's own mean costs 1 for either region, the last nothing.
  @Test func byHand() throws {
    let records = [
      record(1, [right, up]), record(2, [right]), record(3, []),
      CacheRecord(imageID: 4, failed: .decodeError, error: "no JPEG"),
    ]
    let found = try #require(try baselines(records, dimension: 2))
    #expect(abs(found.meanEmbedding - (3 - 1 / 5.0.squareRoot()) / 3) < 1e-6)
    #expect(abs(found.imageMeanEmbedding - 2 / 3.0) < 1e-6)
  }

  /// Of the first image one region is distilled, either: they count half.
  @Test func regionsCountAsOftenAsTheyAreDistilled() throws {
    let found = try #require(
      try baselines(
        [record(1, [right, up]), record(2, [right])], dimension: 2, regionsPerImage: 1))
    let (x, y) = (3 / 10.0.squareRoot(), 1 / 10.0.squareRoot())
    #expect(abs(found.meanEmbedding - (1.5 * (1 - x + y) + 0.5 * (x + 1 - y)) / 2) < 1e-6)
    #expect(abs(found.imageMeanEmbedding - 0.5) < 1e-6)
  }

  /// Opposite regions have no mean direction: the answer is zero, and each costs 1.
  @Test func noDirection() throws {
    let found = try #require(try baselines([record(1, [right, [-1, 0]])], dimension: 2))
    #expect(found == ImageLossBaselines(meanEmbedding: 1, imageMeanEmbedding: 1))
  }

  @Test func withoutRegionsThereIsNothingToCompareWith() throws {
    #expect(try baselines([record(1, [])], dimension: 2) == nil)
  }

  /// Against the definition, spelt out in arrays.
  @Test func asDefined() throws {
    var generator = SeededGenerator(seed: 7)
    let images = (0..<9).map { image in
      (0..<image).map { _ -> [Float] in
        let vector = (0..<16).map { _ in Float.random(in: -0.5...1, using: &generator) }
        let norm = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return vector.map { Float(Float16($0 / norm)) }
      }
    }
    func mean(_ rows: [[Float]]) -> [Double] {
      let sum = (0..<16).map { column in rows.reduce(0) { $0 + Double($1[column]) } }
      let norm = sum.reduce(0) { $0 + $1 * $1 }.squareRoot()
      return sum.map { $0 / norm }
    }
    func loss(_ row: [Float], _ answer: [Double]) -> Double {
      zip(row, answer).reduce(0) { $0 + abs(Double($1.0) - $1.1) }
    }
    let rows = images.flatMap(\.self)
    let all = rows.reduce(0) { $0 + loss($1, mean(rows)) } / Double(rows.count)
    let own =
      images.filter { !$0.isEmpty }.reduce(0) { sum, image in
        image.reduce(sum) { $0 + loss($1, mean(image)) }
      } / Double(rows.count)
    let found = try #require(
      try baselines(images.enumerated().map { record($0 + 1, $1) }, dimension: 16))
    #expect(abs(found.meanEmbedding - all) < 1e-5 && abs(found.imageMeanEmbedding - own) < 1e-5)
    #expect(own < all)
  }
}
