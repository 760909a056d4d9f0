internal import GRDB
internal import Support

/// The work queue.
extension Catalogue {
  /// Queues the images that are not in the catalogue yet, `size` a unit, in their order.
  ///
  /// Numbers are the smallest free ones. Units are whole but for the last, so the queue comes out
  /// the same after a rebuild from any subset of its shards.
  func enqueue(_ imageIDs: [Int], size: Int) throws(InputError) {
    precondition(size > 0)
    try write { db in
      let isKnown = try db.makeStatement(sql: "SELECT 1 FROM image WHERE id = ?")
      let new = try imageIDs.filter { try Int.fetchOne(isKnown, arguments: [$0]) == nil }
      if new.isEmpty { return }
      let taken = Set(try Int.fetchAll(db, sql: "SELECT id FROM unit"))
      var free = (0...).lazy.filter { !taken.contains($0) }.makeIterator()
      for start in stride(from: 0, to: new.count, by: size) {
        guard let unit = free.next() else { preconditionFailure("numbers do not end") }
        try Self.insert(
          UnitRow(id: unit), images: Array(new[start..<min(start + size, new.count)]), in: db)
      }
    }
  }

  /// Adds a unit of images that are in none.
  private static func insert(_ unit: UnitRow, images: [Int], in db: Database) throws {
    try unit.insert(in: db)
    for (position, image) in images.enumerated() {
      try db.insert([image, unit.id, position], into: .image)
    }
  }

  /// The images of a unit in their order; empty where there is no such unit.
  static func images(of unit: Int, in db: Database) throws -> [Int] {
    try db.checkedRows(.image, "SELECT * FROM image WHERE unit = ? ORDER BY position", [unit])
      .map { row in
        var row = row
        return try row.take()
      }
  }

  /// The unit that an image is of; nil of one that the cache is not to hold.
  func unit(of image: Int) throws(InputError) -> Int? {
    try read { try Self.unit(of: image, in: $0) }
  }

  static func unit(of image: Int, in db: Database) throws -> Int? {
    try db.checkedRow(.image, key: image).map { row in
      var row = row
      row.skip()
      return try row.take()
    }
  }

  static func hasUnit(_ number: Int, in db: Database) throws -> Bool {
    try Int.fetchOne(db, sql: "SELECT 1 FROM unit WHERE id = ?", arguments: [number]) != nil
  }

  /// A number that no unit has.
  static func freeNumber(in db: Database) throws -> Int {
    try Int.fetchOne(db, sql: "SELECT ifnull(max(id) + 1, 0) FROM unit") ?? 0
  }

  /// Leases a unit that is ready, those first that were tried least.
  ///
  /// A unit whose holders died or hung twice is cut into units of one image. An image of such a
  /// unit that costs another holder is tried alone in its process from then on; when that ends the
  /// process twice in a row after it had begun to embed, the unit comes out with `isHopeless`.
  ///
  /// - Parameter units: which units may be leased; nil for any.
  func lease(
    to owner: Owner, seconds: Double, among units: Set<Int>? = nil
  ) throws(InputError) -> WorkUnit? {
    try write { db in
      try self.takeBackVoidLeases(in: db)
      let held = try UnitRow.all("WHERE state = 'leased' AND owner = ?", [owner.name], in: db)
      if held.contains(where: \.alone) { return nil }
      let first = units == nil ? " LIMIT 1" : ""
      let ready = try UnitRow.all("WHERE state = 'ready' ORDER BY attempts, id\(first)", in: db)
      guard var unit = ready.first(where: { units?.contains($0.id) ?? true }) else { return nil }
      var images = try Self.images(of: unit.id, in: db)
      if unit.attempts >= WorkUnit.tries && images.count > 1 {
        unit = UnitRow(id: try Self.cut(unit.id, images: images, in: db).lowerBound)
        images = [images[0]]
      }
      unit.alone = unit.attempts > 0 && images.count == 1
      if unit.alone && !held.isEmpty { return nil }
      (unit.state, unit.owner) = (.leased, owner.name)
      unit.silence = min(seconds, LeaseClock.longestLease)
      unit.beat += 1
      unit.token += 1
      unit.attempts += 1
      try unit.store(in: db)
      return WorkUnit(
        id: unit.id, imageIDs: images, attempt: unit.attempts, isAlone: unit.alone,
        isHopeless: unit.deaths >= WorkUnit.tries, token: unit.token)
    }
  }

  /// Makes ready what is leased to processes that are gone, or that have been silent for too long.
  /// Whoever was alone with a unit and had begun to embed counts as a death of it; who was ended
  /// before that, by whatever, says nothing about it.
  func takeBackVoidLeases(in db: Database) throws {
    let leased = try UnitRow.all("WHERE state = 'leased'", in: db)
    let void = Set(
      watch.void(
        leased.map {
          LeaseWatch.Lease(
            unit: $0.id, owner: $0.owner ?? "", silence: $0.silence ?? 0, token: $0.token,
            beat: $0.beat)
        }, clock))
    for var unit in leased where void.contains(unit.id) {
      if unit.begun { unit.deaths += 1 }
      unit.free()
      try unit.store(in: db)
    }
  }

  /// Puts every image of a unit into a unit of its own; returns their numbers. The old number is
  /// given up, so that nobody who still holds it can publish.
  static func cut(_ unit: Int, images: [Int], in db: Database) throws -> Range<Int> {
    let first = try freeNumber(in: db)
    for (offset, image) in images.enumerated() {
      try UnitRow(id: first + offset).insert(in: db)
      try db.put([image, first + offset, 0], into: .image)
    }
    try db.execute(sql: "DELETE FROM unit WHERE id = ?", arguments: [unit])
    return first..<first + images.count
  }

  /// Says that the holder of a lease is alive.
  ///
  /// - Throws: `InputError` (`tryAgain`) where somebody else holds the unit by now.
  func extend(_ unit: WorkUnit, owner: Owner) throws(InputError) {
    try write { db in try self.beat(unit, owner: owner, in: db) }
  }

  func beat(_ unit: WorkUnit, owner: Owner, in db: Database) throws {
    guard var row = try Self.held(unit, by: owner, in: db) else { throw lost(unit) }
    row.beat += 1
    try row.store(in: db)
  }

  /// Notes that the holder who is alone with a unit begins to embed.
  ///
  /// - Throws: `InputError` (`tryAgain`) where somebody else holds the unit by now.
  func begin(_ unit: WorkUnit, owner: Owner) throws(InputError) {
    try write { db in
      guard var row = try Self.held(unit, by: owner, in: db) else { throw self.lost(unit) }
      row.begun = row.alone
      try row.store(in: db)
    }
  }

  /// Gives a unit back; nothing happens where it is somebody else's by now.
  func release(_ unit: WorkUnit, owner: Owner) throws(InputError) {
    try write { db in
      guard var row = try Self.held(unit, by: owner, in: db) else { return }
      row.free()
      row.attempts -= 1
      row.deaths = 0
      try row.store(in: db)
    }
  }

  /// The row of a unit that `owner` still holds; nil where he lost it.
  private static func held(
    _ unit: WorkUnit, by owner: Owner, in db: Database
  ) throws -> UnitRow? {
    try UnitRow.fetch(unit.id, in: db).flatMap {
      $0.owner == owner.name && $0.token == unit.token ? $0 : nil
    }
  }

  func lost(_ unit: WorkUnit) -> InputError {
    InputError(
      .tryAgain, "the lease of unit \(unit.id) ran out and another worker took over", at: path)
  }
}
