internal import GRDB
internal import Support

/// What the images' files looked like.
extension Catalogue {
  /// Every image that has a row. O(images).
  func knownImages() throws(InputError) -> [Int: KnownImage] {
    try requireSound()
    return try read { db in
      let width = CheckedTable.location.columns.count + 1
      let rows = try Row.fetchCursor(
        db,
        sql: """
          SELECT location.*, file.* FROM location LEFT JOIN file ON file.image = location.image
          """)
      var known: [Int: KnownImage] = [:]
      while let row = try rows.next() {
        let values = Array(row.databaseValues)
        let location = try ImageLocation(CheckedRow(values[..<width], of: .location))
        let row = location.row
        known[row.imageID] = KnownImage(
          status: row.status, width: row.width, height: row.height, content: row.content,
          regions: location.regions,
          file: values[width].isNull
            ? nil : try SeenFile(CheckedRow(values[width...], of: .file)))
      }
      return known
    }
  }

  /// Notes what files look like now whose content is that of their images' rows.
  func see(_ files: [Int: SeenFile]) throws(InputError) {
    try write { db in try Self.see(files, in: db) }
  }

  static func see(_ files: [Int: SeenFile], in db: Database) throws {
    for (image, file) in files {
      try db.put([image, file.path, file.stamp.size, file.stamp.modified], into: .file)
    }
  }

  /// Takes out images that nobody wants any more and that were never embedded: those that no worker
  /// holds.
  func withdraw(except wanted: Set<Int>) throws(InputError) {
    try write { db in
      let queued = try db.checkedRows(
        .image,
        """
        SELECT image.* FROM image JOIN unit ON unit.id = image.unit
        LEFT JOIN location ON location.image = image.id
        WHERE state = 'ready' AND location.image IS NULL
        """)
      for var row in queued {
        let (image, unit): (Int, Int) = try (row.take(), row.take())
        if wanted.contains(image) { continue }
        try db.execute(sql: "DELETE FROM file WHERE image = ?", arguments: [image])
        try db.execute(sql: "DELETE FROM image WHERE id = ?", arguments: [image])
        _ = try Self.removeIfEmpty(unit, in: db)
      }
    }
  }
}

extension SeenFile {
  fileprivate init(_ row: CheckedRow) throws {
    var row = row
    row.skip()
    path = try row.take()
    stamp = FileStamp(size: try row.take(), modified: try row.take())
  }
}
