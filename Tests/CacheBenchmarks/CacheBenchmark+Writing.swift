import Cache
import Foundation
import Regions
import Support

extension CacheBenchmark {
  /// Publishes units of 128 images, each durable before the next.
  static func write(
    to folder: String, images: Int, _ recipe: TeacherRecipe
  ) throws -> (images: Int, seconds: Double) {
    let records = samples(32, regions: regions, dimension: recipe.teacher.dimension)
    let start = now
    let cache = try RegionCache.open(
      folder: folder, recipe: recipe, imageIDs: Array(1...images), unitSize: 128)
    while let unit = try cache.nextUnit() {
      try cache.publish(
        unit,
        records: unit.imageIDs.map { id in
          var record = records[id % records.count]
          record.imageID = id
          return record
        })
    }
    try cache.close()
    return (images, now - start)
  }

  /// Records of unit vectors in random directions.
  static func samples(_ count: Int, regions: Int, dimension: Int) -> [CacheRecord] {
    var generator = SeededGenerator(seed: 1)
    return samples(count, regions: regions, dimension: dimension, using: &generator)
  }

  static func samples(
    _ count: Int, regions: Int, dimension: Int, using generator: inout SeededGenerator
  ) -> [CacheRecord] {
    (0..<count).map { _ in
      var boxes: [Box] = []
      var vectors: [Float] = []
      for _ in 0..<regions {
        let (x, y) = (
          Float.random(in: 0..<500, using: &generator), Float.random(in: 0..<400, using: &generator)
        )
        boxes.append(
          Box(
            x0: x, y0: y, x1: x + Float.random(in: 1..<140, using: &generator),
            y1: y + Float.random(in: 1..<80, using: &generator)))
        let vector = (0..<dimension).map { _ in normal(using: &generator) }
        let norm = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
        vectors += vector.map { $0 / norm }
      }
      return CacheRecord(
        imageID: 0, width: 640, height: 480,
        regions: EmbeddedRegions(
          boxes.map { Region(box: $0, score: Float.random(in: 0...1, using: &generator)) },
          vectors: vectors))
    }
  }

  /// A number of the standard normal distribution (Box and Muller).
  private static func normal(using generator: inout SeededGenerator) -> Float {
    let radius = (-2 * Foundation.log(Float.random(in: 1e-7..<1, using: &generator))).squareRoot()
    return radius * Foundation.cos(2 * .pi * Float.random(in: 0..<1, using: &generator))
  }
}
