internal import GRDB
internal import Support

/// What the images' files looked like.
extension Catalogue {
  /// Every image that has a row. O(images).
  func knownImages() throws(InputError) -> [Int: KnownImage] {
    try read { db in
      let hasFiles = try db.tableExists("file")
      let rows = try Row.fetchCursor(
        db,
        sql: hasFiles
          ? """
          SELECT location.image AS image, status, width, height, content, regions, path, size,
            modified
          FROM location LEFT JOIN file ON file.image = location.image
          """
          : """
          SELECT image, status, width, height, NULL AS content, NULL AS regions, NULL AS path,
            NULL AS size, NULL AS modified
          FROM location
          """)
      var known: [Int: KnownImage] = [:]
      while let row = try rows.next() {
        guard let status = ImageStatus(rawValue: row["status"]) else { continue }
        let path: String? = row["path"]
        known[row["image"]] = KnownImage(
          status: status, width: row["width"], height: row["height"], content: row["content"],
          regions: row["regions"],
          file: path.map {
            SeenFile(path: $0, stamp: FileStamp(size: row["size"], modified: row["modified"]))
          })
      }
      return known
    }
  }

  /// Notes what files look like now whose content is that of their images' rows.
  func see(_ files: [Int: SeenFile]) throws(InputError) {
    try write { db in try Self.see(files, in: db) }
  }

  static func see(_ files: [Int: SeenFile], in db: Database) throws {
    let statement = try db.makeStatement(
      sql: """
        INSERT INTO file (image, path, size, modified) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT (image) DO UPDATE SET path = ?2, size = ?3, modified = ?4
        """)
    for (image, file) in files {
      try statement.execute(arguments: [image, file.path, file.stamp.size, file.stamp.modified])
    }
  }

  /// Takes out images that nobody wants any more and that were never embedded: those that no worker
  /// holds.
  func withdraw(except wanted: Set<Int>) throws(InputError) {
    try write { db in
      let queued = try Row.fetchAll(
        db,
        sql: """
          SELECT image.id, image.unit FROM image JOIN unit ON unit.id = image.unit
          LEFT JOIN location ON location.image = image.id
          WHERE state = 'ready' AND location.image IS NULL
          """)
      for row in queued where !wanted.contains(row[0]) {
        try db.execute(sql: "DELETE FROM file WHERE image = ?", arguments: [row[0] as Int])
        try db.execute(sql: "DELETE FROM image WHERE id = ?", arguments: [row[0] as Int])
        _ = try Self.removeIfEmpty(row[1], in: db)
      }
    }
  }
}
