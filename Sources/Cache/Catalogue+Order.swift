internal import GRDB
internal import Support

/// The images in ascending order of their ids, and places in it: what training counts by.
///
/// Every 256th usable image has a mark with its rank, so that finding the image of a rank costs
/// the same in a large catalogue as in a small one. The last mark has no image; its rank is their
/// number. Whoever adds a shard removes the marks, whoever ends its work writes them.
extension Catalogue {
  static let markDistance = 256

  private static let usable: String = {
    let names = ImageStatus.allCases.filter { !$0.isFailure }.map { "'\($0.rawValue)'" }
    return "status IN (\(names.joined(separator: ", ")))"
  }()

  /// The images that have a row, ascending; without those that could not be used, if asked.
  /// O(images).
  func finishedImages(usableOnly: Bool = false) throws(InputError) -> [Int] {
    let condition = usableOnly ? "WHERE \(Self.usable)" : ""
    return try read {
      try Int.fetchAll($0, sql: "SELECT image FROM location \(condition) ORDER BY image")
    }
  }

  /// Writes the marks where they are missing. O(images).
  func writeMarks() throws(InputError) {
    try write { db in
      if try Int.fetchOne(db, sql: "SELECT 1 FROM mark LIMIT 1") != nil { return }
      for mark in try Self.marks(in: db) {
        try db.execute(
          sql: "INSERT INTO mark (rank, image) VALUES (?, ?)", arguments: [mark.rank, mark.image])
      }
    }
  }

  struct Mark: Sendable {
    var rank: Int
    /// The usable image that `rank` others precede; nil in the last mark.
    var image: Int?
  }

  /// The marks of the catalogue, or those it would have.
  func marks() throws(InputError) -> [Mark] {
    try read { db in
      if try db.tableExists("mark") {
        let rows = try Row.fetchAll(db, sql: "SELECT rank, image FROM mark ORDER BY rank")
        if !rows.isEmpty { return rows.map { Mark(rank: $0[0], image: $0[1]) } }
      }
      return try Self.marks(in: db)
    }
  }

  private static func marks(in db: Database) throws -> [Mark] {
    var marks: [Mark] = []
    var rank = 0
    let rows = try Row.fetchCursor(
      db, sql: "SELECT image FROM location WHERE \(usable) ORDER BY image")
    while let row = try rows.next() {
      if rank % markDistance == 0 { marks.append(Mark(rank: rank, image: row[0])) }
      rank += 1
    }
    return marks + [Mark(rank: rank, image: nil)]
  }

  /// The image that stands `offset` usable images after `image`.
  func usableImage(_ offset: Int, after image: Int) throws(InputError) -> Int? {
    try read { db in
      try Int.fetchOne(
        db,
        sql: """
          SELECT image FROM location WHERE image >= ? AND \(Self.usable)
          ORDER BY image LIMIT 1 OFFSET ?
          """, arguments: [image, offset])
    }
  }

  /// Changes whenever another connection has changed anything.
  func dataVersion() throws(InputError) -> Int {
    try read { try Int.fetchOne($0, sql: "PRAGMA data_version") ?? 0 }
  }

  /// Names the shards that are published: a hash over their hashes, in the order of their numbers.
  func manifest() throws(InputError) -> String {
    let shards = try read {
      try String.fetchAll($0, sql: "SELECT unit || ' ' || sha256 FROM shard ORDER BY unit")
    }
    return Fingerprint.json(shards)
  }
}
