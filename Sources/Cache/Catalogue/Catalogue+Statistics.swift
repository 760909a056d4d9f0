internal import Foundation
internal import GRDB
public import Support

extension RegionCache {
  /// What a cache holds and how it came about. O(images) for the counts, nothing is decoded.
  ///
  /// - Throws: `InputError` where there is no cache of this recipe, or no readable catalogue.
  public static func statistics(_ folder: CacheFolder) throws(InputError) -> CacheStatistics {
    try folder.requireRecipe()
    return try Catalogue(reading: folder.catalogue, recipe: folder.recipe).statistics(of: folder)
  }
}

extension Catalogue {
  /// The statistics of the cache in `folder`, whose catalogue this is.
  func statistics(of folder: CacheFolder) throws(InputError) -> CacheStatistics {
    try requireSound()
    return try read { db in
      let shards = try Self.shards(in: db)
      let bytes = shards.reduce(0) { $0 + $1.bytes }
      var counts: [String: Int] = [:]
      var regions = 0
      var reasons = FailureCounts()
      try Self.forEachLocation(in: db) { location in
        counts[location.row.status.rawValue, default: 0] += 1
        regions += location.row.rows
        reasons.add(location.row)
      }
      return CacheStatistics(
        cache: folder.path, recipe: folder.recipeHash,
        images: try Int.fetchOne(db, sql: "SELECT count(*) FROM image") ?? 0,
        imagesByStatus: counts, regions: regions, bytes: bytes,
        bytesPerRegion: regions == 0 ? nil : Double(bytes) / Double(regions),
        shards: shards.count, blocks: shards.reduce(0) { $0 + $1.blocks },
        units: try UnitRow.all(in: db).reduce(into: [:]) { $0[$1.state.rawValue, default: 0] += 1 },
        failures: reasons.mostFrequent(20), runs: try Self.runs(in: db))
    }
  }

  private static func runs(in db: Database) throws -> [CacheStatistics.Run] {
    try db.checkedRows(.run, "SELECT * FROM run ORDER BY id DESC LIMIT 20").map { row in
      let run = try RunRow(row)
      let seconds = run.finished.map { $0 - run.started }
      let arguments = try? JSONDecoder().decode([String].self, from: Data(run.arguments.utf8))
      return .init(
        started: run.started, seconds: seconds, images: run.images, regions: run.regions,
        regionsPerSecond: seconds.flatMap { $0 > 0 ? Double(run.regions) / $0 : nil },
        arguments: arguments ?? [])
    }
  }
}

/// How often images failed for which reason.
private struct FailureCounts {
  private struct Reason: Hashable {
    var status: ImageStatus
    var text: String
  }
  private var counts: [Reason: (images: Int, example: Int)] = [:]

  mutating func add(_ row: ImageRow) {
    guard let error = row.error else { return }
    let reason = Reason(status: row.status, text: FailureReasons.general(error))
    counts[reason, default: (0, row.imageID)].images += 1
  }

  func mostFrequent(_ count: Int) -> [CacheStatistics.Failure] {
    counts.map {
      .init(status: $0.status, reason: $0.text, images: $1.images, example: $1.example)
    }
    .sorted { ($1.images, $0.example) < ($0.images, $1.example) }
    .prefix(count).map(\.self)
  }
}
