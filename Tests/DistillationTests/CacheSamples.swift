import Cache
import Regions

func sampleRecipe(dimension: Int = 16) -> TeacherRecipe {
  TeacherRecipe(
    teacher: .init(
      family: "clip", weights: String(repeating: "a", count: 64), dimension: dimension),
    preprocessing: .init(
      inputSize: 8, cropFactors: [1], border: "clip", rounding: "half-to-even",
      resize: "bicubic", mean: [0, 0, 0], std: [1, 1, 1]),
    combination: "unit_sum", numericMode: "float32",
    proposals: .init(file: String(repeating: "b", count: 64), labels: []), imageDecodePolicy: 1)
}

/// Ids 10, 13, 16, ...: images with 0 to 9 regions, and every fifth one failed. The vectors are exact
/// in float16, so that records read back equal.
func sampleRecords(_ count: Int) -> [CacheRecord] {
  (0..<count).map { index in
    let id = 10 + 3 * index
    if index % 5 == 4 { return CacheRecord(imageID: id, failed: .decodeError, error: "no JPEG") }
    let count = index % 7 == 3 ? 0 : 1 + index % 9
    let regions = (0..<count).map { region in
      let box = Box(x0: Float(index), y0: 7, x1: Float(index + region + 2), y1: 40)
      return Region(box: box, score: 1 / Float(region + 1))
    }
    let vectors = (0..<count).flatMap { region -> [Float] in
      (0..<16).map { $0 == (index + region) % 16 ? 1 : 0 }
    }
    return CacheRecord(
      imageID: id, width: 640, height: 480, regions: EmbeddedRegions(regions, vectors: vectors))
  }
}

/// Publishes all of `records` in units of `unitSize` and closes the cache.
func fill(
  _ folder: String, _ records: [CacheRecord], recipe: TeacherRecipe = sampleRecipe(), unitSize: Int
) throws {
  let byID = Dictionary(uniqueKeysWithValues: records.map { ($0.imageID, $0) })
  let cache = try RegionCache.open(
    folder: folder, recipe: recipe, imageIDs: records.map(\.imageID), unitSize: unitSize)
  while let unit = try cache.nextUnit() {
    try cache.publish(unit, records: unit.imageIDs.compactMap { byID[$0] })
  }
  try cache.close()
}
