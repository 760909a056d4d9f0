import Cache
import Foundation
import Regions
import Support
import TestSupport

func sampleRecipe() -> TeacherRecipe {
  TeacherRecipe(
    teacher: .init(family: "clip", weights: String(repeating: "a", count: 64), dimension: 16),
    preprocessing: .init(
      inputSize: 224, cropFactors: [1, 1.5], border: "zero", rounding: "outward",
      resize: "bicubic", mean: [0.48, 0.46, 0.41], std: [0.27, 0.26, 0.28]),
    combination: "sum of unit vectors, normalised", numericMode: "float32",
    proposals: .init(file: String(repeating: "b", count: 64), labels: ["cat", "dog"]),
    imageDecodePolicy: 1)
}

/// Ids 10, 13, 16, ...: images with 0 to 9 regions and every kind of failure. The vectors are exact in
/// float16, so that records read back equal.
func sampleRecords(_ count: Int) -> [CacheRecord] {
  var generator = SeededGenerator(seed: 1)
  let failures = ImageStatus.allCases.filter(\.isFailure)
  return (0..<count).map { index in
    let id = 10 + 3 * index
    if index % 5 == 4 {
      return CacheRecord(
        imageID: id, failed: failures[index / 5 % failures.count],
        error: "image \(id): größer als erlaubt", width: 9999, height: 9998)
    }
    let regions = (0..<(index % 7 == 3 ? 0 : 1 + index % 9)).map { _ in
      let (x, y) = (Float.random(in: 0..<500, using: &generator), Float(7.125))
      let width = Float.random(in: 1..<90, using: &generator)
      return Region(
        box: Box(x0: x, y0: y, x1: x + width, y1: y + 33.3),
        score: Float.random(in: 0...1, using: &generator))
    }
    // Four numbers of 0.5 or -0.5 have norm 1.
    let vectors = regions.flatMap { _ in
      (Array(repeating: Float(0.5), count: 4) + Array(repeating: 0, count: 12))
        .map { Bool.random(using: &generator) ? $0 : -$0 }.shuffled(using: &generator)
    }
    return CacheRecord(
      imageID: id, width: 640, height: 480, regions: EmbeddedRegions(regions, vectors: vectors))
  }
}

/// Publishes all of `records` in units of `unitSize` and closes the cache.
func fill(_ folder: String, _ records: [CacheRecord], unitSize: Int) throws {
  let cache = try RegionCache.open(
    folder: folder, recipe: sampleRecipe(), imageIDs: records.map(\.imageID), unitSize: unitSize)
  let byID = Dictionary(uniqueKeysWithValues: records.map { ($0.imageID, $0) })
  try cache.work { id in byID[id]! }
  try cache.close()
}
