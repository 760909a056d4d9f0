internal import Foundation
internal import GRDB
internal import Support

/// The images in ascending order of their ids, and places in it: what training counts by.
///
/// A complete catalogue has a list of the usable ones, 256 a row, so that training starts at once
/// and finding the image of a rank costs the same in a large catalogue as in a small one. Whoever adds
/// a shard removes the list, whoever ends its work writes it.
extension Catalogue {
  private static let idsPerRow = 256

  /// What the rows of a complete catalogue come to.
  struct Summary: Equatable, Sendable {
    /// Images that can be trained on.
    var usable: Int
    /// As `manifest()` gives it.
    var manifest: String
  }

  /// nil while shards are being added.
  func summary() throws(InputError) -> Summary? {
    try read { try Self.summary(in: $0) }
  }

  static func summary(in db: Database) throws -> Summary? {
    try db.checkedRow(.summary, key: 1).map { row in
      var row = row
      row.skip()
      return Summary(usable: try row.take(), manifest: try row.take())
    }
  }

  /// Writes the summary and the list of usable images where they are missing. O(images).
  func writeSummary() throws(InputError) {
    try write { db in
      if try Self.summary(in: db) != nil { return }
      try Self.dropSummary(in: db)
      let images = try Self.usableImages(in: db)
      for rank in stride(from: 0, to: images.count, by: Self.idsPerRow) {
        let ids = images[rank..<min(rank + Self.idsPerRow, images.count)]
        try db.insert([rank, Data(Bytes.of(ids.map { Int64($0).littleEndian }))], into: .usable)
      }
      try db.insert([1, images.count, try Self.manifest(in: db)], into: .summary)
    }
  }

  static func dropSummary(in db: Database) throws {
    try db.execute(sql: "DELETE FROM summary")
    try db.execute(sql: "DELETE FROM usable")
  }

  /// The images that have a row, ascending; without those that could not be used, if asked.
  /// O(images).
  func finishedImages(usableOnly: Bool = false) throws(InputError) -> [Int] {
    if usableOnly, let listed = try listedImages() { return listed }
    try requireSound()
    return try read { try Self.finishedImages(usableOnly: usableOnly, in: $0) }
  }

  /// The usable images, found by looking at every row.
  static func usableImages(in db: Database) throws -> [Int] {
    try finishedImages(usableOnly: true, in: db)
  }

  private static func finishedImages(usableOnly: Bool, in db: Database) throws -> [Int] {
    var images: [Int] = []
    try forEachLocation(in: db) { location in
      if !usableOnly || !location.row.status.isFailure { images.append(location.row.imageID) }
    }
    return images
  }

  /// Calls `body` with the row of every image that has one, ascending.
  static func forEachLocation(
    in db: Database, _ body: (ImageLocation) throws -> Void
  ) throws {
    let rows = try Row.fetchCursor(db, sql: "SELECT * FROM location ORDER BY image")
    while let row = try rows.next() {
      try body(ImageLocation(CheckedRow(row, of: .location)))
    }
  }

  /// The list of usable images; nil while there is none.
  private func listedImages() throws(InputError) -> [Int]? {
    try read { db in
      guard let summary = try Self.summary(in: db) else { return nil }
      let listed = try Self.listedImages(in: db)
      guard listed.count == summary.usable else { throw self.listContradicts() }
      return listed
    }
  }

  /// The list as far as it is whole.
  static func listedImages(in db: Database) throws -> [Int] {
    var images: [Int] = []
    for row in try db.checkedRows(.usable, "SELECT * FROM usable ORDER BY rank") {
      guard let part = try ids(row, from: images.count) else { break }
      images += part
    }
    return images
  }

  /// The usable image that `rank` others precede.
  ///
  /// - Parameter rank: less than the summary's number of usable images.
  func usableImage(at rank: Int) throws(InputError) -> Int {
    let start = rank / Self.idsPerRow * Self.idsPerRow
    let part = try read { db in
      try db.checkedRow(.usable, key: start).flatMap { try Self.ids($0, from: start) }
    }
    guard let part, rank - start < part.count else { throw listContradicts() }
    return part[rank - start]
  }

  /// The ids of a row of the list; nil where it is that of another rank.
  private static func ids(_ row: CheckedRow, from rank: Int) throws -> [Int]? {
    var row = row
    let (start, data): (Int, Data) = try (row.take(), row.take())
    guard start == rank else { return nil }
    let bytes = Array(data)
    return Bytes.array(bytes, at: 0, count: bytes.count / 8, as: Int64.self)
      .map { Int(Int64(littleEndian: $0)) }
  }

  private func listContradicts() -> InputError {
    InputError(
      .badData, "the catalogue's list of usable images is not whole", at: path, hint: Self.rebuild)
  }

  /// Changes whenever another connection has changed anything.
  func dataVersion() throws(InputError) -> Int {
    try read { try Int.fetchOne($0, sql: "PRAGMA data_version") ?? 0 }
  }

  /// Names the shards that are published: a hash over their hashes, in the order of their numbers.
  func manifest() throws(InputError) -> String {
    try read { try Self.summary(in: $0)?.manifest ?? Self.manifest(in: $0) }
  }

  static func manifest(in db: Database) throws -> String {
    Fingerprint.json(try shards(in: db).map { "\($0.unit) \($0.sha256)" })
  }
}
