internal import GRDB
internal import Support

/// Images whose records are at hand, apart from those that are still to be embedded.
extension Catalogue {
  /// Puts queued images that are among `wanted` into units without others. Units of wanted images alone
  /// stay as they are, but for those that were tried so often that `lease` would cut them: they are cut
  /// here. The images of mixed ones go into new units, `size` each, in their order: the old numbers are
  /// given up.
  ///
  /// - Parameter size: images a unit, at least 1.
  /// - Returns: the units of wanted images that nobody holds, and how many images these are.
  func gather(
    _ wanted: Set<Int>, size: Int
  ) throws(InputError) -> (units: Set<Int>, images: Int) {
    try write { db in
      try self.takeBackVoidLeases(in: db)
      var found: (units: Set<Int>, images: Int) = ([], 0)
      // By how often their units were tried, which is not to be forgotten.
      var mixed: [Int: (units: [Int], wanted: [Int], others: [Int])] = [:]
      for unit in try UnitRow.all("WHERE state = 'ready' ORDER BY id", in: db) {
        let images = try Self.images(of: unit.id, in: db)
        let own = images.filter(wanted.contains)
        if own.isEmpty { continue }
        found.images += own.count
        if own.count == images.count {
          // To be cut: `lease` would give its images numbers that nobody has asked for.
          let isCut = unit.attempts >= WorkUnit.tries && images.count > 1
          found.units.formUnion(
            isCut ? try Self.cut(unit.id, images: images, in: db) : unit.id..<unit.id + 1)
          continue
        }
        mixed[unit.attempts, default: ([], [], [])].units.append(unit.id)
        mixed[unit.attempts]?.wanted += own
        mixed[unit.attempts]?.others += images.filter { !wanted.contains($0) }
      }
      for (attempts, old) in mixed.sorted(by: { $0.key < $1.key }) {
        let isCut = attempts >= WorkUnit.tries
        let (size, attempts) = isCut ? (1, 0) : (size, attempts)
        func enqueue(_ images: [Int]) throws -> [Int] {
          try stride(from: 0, to: images.count, by: size).map { start in
            let number = try Self.freeNumber(in: db)
            try UnitRow(id: number, attempts: attempts).insert(in: db)
            for (position, image) in images[start..<min(start + size, images.count)].enumerated() {
              try db.put([image, number, position], into: .image)
            }
            return number
          }
        }
        found.units.formUnion(try enqueue(old.wanted))
        _ = try enqueue(old.others)
        for unit in old.units { _ = try Self.removeIfEmpty(unit, in: db) }
      }
      return found
    }
  }
}
