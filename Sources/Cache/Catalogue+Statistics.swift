internal import Foundation
internal import GRDB
public import Support

extension TeacherCache {
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
    let progress = try progress()
    return try read { db in
      let shards = try Row.fetchOne(
        db, sql: "SELECT count(*), ifnull(sum(bytes), 0), ifnull(sum(blocks), 0) FROM shard")!
      let bytes: Int = shards[1]
      var units: [String: Int] = [:]
      for row in try Row.fetchAll(db, sql: "SELECT state, count(*) FROM unit GROUP BY state") {
        units[row[0]] = row[1]
      }
      return CacheStatistics(
        cache: folder.path, recipe: folder.recipeHash, images: progress.total,
        imagesByStatus: Dictionary(
          uniqueKeysWithValues: progress.byStatus.map { ($0.key.rawValue, $0.value) }),
        regions: progress.regions, bytes: bytes,
        bytesPerRegion: progress.regions == 0 ? nil : Double(bytes) / Double(progress.regions),
        shards: shards[0], blocks: shards[2], units: units, failures: try Self.failures(in: db),
        runs: try Self.runs(in: db))
    }
  }

  private static func failures(in db: Database) throws -> [CacheStatistics.Failure] {
    struct Reason: Hashable {
      var status: ImageStatus
      var text: String
    }
    var counts: [Reason: (images: Int, example: Int)] = [:]
    let rows = try Row.fetchCursor(
      db,
      sql: "SELECT image, status, error FROM location WHERE error IS NOT NULL ORDER BY image")
    while let row = try rows.next() {
      guard let status = ImageStatus(rawValue: row[1]) else { continue }
      let reason = Reason(status: status, text: FailureReasons.general(row[2]))
      counts[reason, default: (0, row[0])].images += 1
    }
    return counts.map {
      .init(status: $0.status, reason: $0.text, images: $1.images, example: $1.example)
    }
    .sorted { ($1.images, $0.example) < ($0.images, $1.example) }
    .prefix(20).map(\.self)
  }

  private static func runs(in db: Database) throws -> [CacheStatistics.Run] {
    try Row.fetchAll(
      db,
      sql: """
        SELECT started, finished - started AS seconds, images, regions, arguments FROM run
        ORDER BY id DESC LIMIT 20
        """
    ).map { row in
      let seconds: Double? = row["seconds"]
      let regions: Int = row["regions"]
      let arguments = try? JSONDecoder().decode(
        [String].self, from: Data((row["arguments"] as String).utf8))
      return .init(
        started: row["started"], seconds: seconds, images: row["images"], regions: regions,
        regionsPerSecond: seconds.flatMap { $0 > 0 ? Double(regions) / $0 : nil },
        arguments: arguments ?? [])
    }
  }
}
