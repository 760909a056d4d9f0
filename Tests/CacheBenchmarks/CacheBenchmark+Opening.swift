import Cache
import Foundation
import GRDB
import Regions
import Support

extension CacheBenchmark {
  /// Opens a cache for training as `vild distill` does, the best of twenty times, and says how much of
  /// that the rows' checksums take. The cache is made first where it is not there: of one region an
  /// image, as opening does not look at regions.
  ///
  /// - Returns: JSON: images, seconds to open, of these seconds for checksums, and the ratio of opening
  ///   with them to opening without.
  static func opening(_ folder: String, images: Int) throws -> String {
    let recipe = Self.recipe(dimension: 8)
    let place = CacheFolder(root: folder, recipe: recipe)
    if !Files.exists(place.path) { try writeSmall(to: folder, images: images, recipe) }
    let ids = Array(1...images)
    let opened = try best {
      let usable = try UsableImages(of: CacheReader(place), only: ids)
      precondition(usable.count == images && !usable.manifest.isEmpty)
    }
    let rows = try DatabaseQueue(path: place.catalogue).read { db in
      try ["summary", "usable"].flatMap { table in
        try Row.fetchAll(db, sql: "SELECT * FROM \(table)").map { Array($0.databaseValues) }
      }
    }
    let checked = try best {
      for row in rows {
        precondition(RowChecksum.of(row.dropLast()).databaseValue == row.last)
      }
    }
    return "{\"images\": \(images), \"seconds\": \(opened), \"checksums\": \(checked), "
      + "\"ratio\": \(opened / (opened - checked))}"
  }

  private static func best(_ body: () throws -> Void) rethrows -> Double {
    var best = Double.infinity
    for _ in 0..<20 {
      let start = now
      try body()
      best = min(best, now - start)
    }
    return best
  }

  private static func writeSmall(to folder: String, images: Int, _ recipe: TeacherRecipe) throws {
    let cache = try RegionCache.open(
      folder: folder, recipe: recipe, imageIDs: Array(1...images), unitSize: 1024)
    try cache.work { id in
      CacheRecord(
        imageID: id, width: 640, height: 480,
        regions: EmbeddedRegions(
          [Region(box: Box(x0: 0, y0: 0, x1: 9, y1: 9), score: 0.5)],
          vectors: [1, 0, 0, 0, 0, 0, 0, 0]))
    }
    try cache.close()
  }
}
