internal import Foundation
internal import GRDB
internal import Support

/// The SQLite index of a cache: which images, which units of work, which shards.
///
/// One connection, used by one thread at a time; writes are immediate transactions, durable when
/// they return.
final class Catalogue: Sendable {
  let path: String
  let clock: LeaseClock
  let watch = LeaseWatch()
  private let queue: DatabaseQueue
  /// The file as it was at the opening; what it must still be.
  private let file: CatalogueFile
  /// Whether SQLite was told that nobody writes.
  private let isImmutable: Bool

  /// Opens the catalogue for writing, creating or migrating it where needed.
  ///
  /// - Parameters:
  ///   - busySeconds: how long to wait for a lock that another process holds.
  /// - Throws: `InputError`: another recipe, a newer version, a damaged or no SQLite file
  ///   (`badData`), a lock held for long or a full disk (`tryAgain`).
  init(
    writing path: String, recipe: Recipe, clock: LeaseClock = .system, busySeconds: Double = 60
  ) throws(InputError) {
    self.path = path
    self.clock = clock
    isImmutable = false
    // What a killed process left in the log is trusted only after a look.
    let wasInterrupted = CatalogueFile.hasLog(path)
    var configuration = Self.configuration(busySeconds: busySeconds)
    configuration.journalMode = .wal
    let settings = configuration
    queue = try Self.translating(path) {
      let queue = try DatabaseQueue(path: path, configuration: settings)
      try queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
      return queue
    }
    file = try CatalogueFile(path)
    try migrate()
    try write { db in
      try db.execute(
        sql: "INSERT OR IGNORE INTO recipe (only_row, hash, json) VALUES (1, ?, ?)",
        arguments: [
          recipe.hash, String(decoding: Fingerprint.canonicalJSON(recipe), as: UTF8.self),
        ]
      )
    }
    try requireRecipe(recipe)
    if wasInterrupted, let damage = try damage().first {
      throw Self.damaged(path, got: damage)
    }
  }

  /// Opens an existing catalogue for reading only, also where its folder must not be written to.
  ///
  /// - Throws: `InputError` (`missingInput` where there is none, `badData`, `tryAgain` where only
  ///   somebody who may write can bring it up to date).
  convenience init(
    reading path: String, recipe: Recipe, clock: LeaseClock = .system
  ) throws(InputError) {
    try self.init(unchecked: path, clock: clock)
    let version = try read { try Self.version($0) }
    if version == 0 { throw Self.damaged(path, got: "an empty database") }
    // Of older versions everything that readers ask for is there, but for the marks.
    guard (1...Self.migrations.count) ~= version else { throw unknownVersion(version) }
    try requireRecipe(recipe)
  }

  /// Whether the catalogue at `path` is there and was made to the end. What a full disk or a kill left
  /// before that holds nothing, and opening it for writing goes on with it.
  ///
  /// - Throws: `InputError` for one that cannot be read.
  static func isMade(_ path: String) throws(InputError) -> Bool {
    guard Files.exists(path) else { return false }
    return try Catalogue(unchecked: path, clock: .system).read { db in
      try version(db) > 0 && Row.fetchOne(db, sql: "SELECT 1 FROM recipe") != nil
    }
  }

  /// Opens a catalogue for reading, whatever it holds.
  private init(unchecked path: String, clock: LeaseClock) throws(InputError) {
    self.path = path
    self.clock = clock
    guard Files.exists(path) else {
      throw InputError(
        .missingInput, "the cache has no catalogue", at: path,
        hint: "rebuild it from the shards with 'vild cache reindex'")
    }
    file = try CatalogueFile(path)
    isImmutable = try file.mustBeImmutable()
    var configuration = Self.configuration(busySeconds: 60)
    configuration.readonly = true
    let settings = configuration
    let name = isImmutable ? CatalogueFile.immutableName(path) : path
    let mayBeMended = !isImmutable
    queue = try Self.translating(path) {
      do {
        return try DatabaseQueue(path: name, configuration: settings)
      } catch let error as DatabaseError
        where error.resultCode == .SQLITE_READONLY && mayBeMended
      {
        // A killed writer left what only a writer may roll back, which opening does.
        _ = try DatabaseQueue(path: path, configuration: Self.configuration(busySeconds: 60))
        return try DatabaseQueue(path: name, configuration: settings)
      }
    }
  }

  /// Runs `body` against one state of the catalogue.
  func read<Value>(_ body: (Database) throws -> Value) throws(InputError) -> Value {
    do throws(InputError) {
      let value = try Self.translating(path) { try queue.read(body) }
      if isImmutable { try file.requireUnchanged() }
      return value
    } catch {
      if isImmutable { try file.requireUnchanged() }
      throw error
    }
  }

  /// Runs `body` as one durable transaction that excludes all other writers from its start.
  ///
  /// - Throws: `InputError`, also (`tryAgain`) where the file was removed or replaced meanwhile.
  func write<Value>(_ body: (Database) throws -> Value) throws(InputError) -> Value {
    try Self.translating(path) {
      try queue.writeWithoutTransaction { db in
        var value: Value?
        try db.inTransaction(.immediate) {
          try file.requireSameFile()
          value = try body(db)
          return .commit
        }
        return value!
      }
    }
  }

  /// Ends all use; what was written is merged from the log into the one file.
  func close() throws(InputError) {
    try Self.translating(path) { try queue.close() }
  }

  private static func configuration(busySeconds: Double) -> Configuration {
    var configuration = Configuration()
    configuration.busyMode = .timeout(busySeconds)
    configuration.prepareDatabase { db in
      // Negative: in KiB. Debian's own default is 2 MB.
      try db.execute(sql: "PRAGMA cache_size = -16384")
    }
    return configuration
  }

  /// One step at a time, each a transaction. Tables that others refer to are made anew, so the
  /// references are checked at the end of a step instead of during it.
  private func migrate() throws(InputError) {
    while true {
      let version = try Self.translating(path) {
        try queue.writeWithoutTransaction { db in
          if try Self.version(db) >= Self.migrations.count { return try Self.version(db) }
          try db.execute(sql: "PRAGMA foreign_keys = OFF")
          defer { try? db.execute(sql: "PRAGMA foreign_keys = ON") }
          var version = 0
          try db.inTransaction(.immediate) {
            version = try Self.version(db)
            if version < Self.migrations.count {
              try db.execute(sql: Self.migrations[version])
              try db.checkForeignKeys()
              try db.execute(sql: "PRAGMA user_version = \(version + 1)")
            }
            return .commit
          }
          return version
        }
      }
      guard version <= Self.migrations.count else { throw unknownVersion(version) }
      if version == Self.migrations.count { return }
    }
  }

  private func requireRecipe(_ recipe: Recipe) throws(InputError) {
    let json = try read { try String.fetchOne($0, sql: "SELECT json FROM recipe") } ?? "null"
    let found = try? JSONDecoder().decode(JSONValue.self, from: Data(json.utf8))
    guard let found, Fingerprint.json(found) == recipe.hash else {
      throw Recipe.refusal(of: found ?? .null, wanted: recipe, at: path)
    }
  }

  private static func version(_ db: Database) throws -> Int {
    try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
  }

  private func unknownVersion(_ version: Int) -> InputError {
    InputError(
      .badData, Self.otherVersion, at: path,
      expected: "version \(Self.migrations.count)", got: "version \(version)",
      hint: version > Self.migrations.count ? "a newer vild wrote it; use that one" : nil)
  }

  /// Database errors as input errors.
  private static func translating<Value>(
    _ path: String, _ body: () throws -> Value
  ) throws(InputError) -> Value {
    do {
      return try body()
    } catch let error as InputError {
      throw error
    } catch let error as DatabaseError {
      // What the shared memory of the write-ahead log fails with on a full disk.
      if error.extendedResultCode == .SQLITE_IOERR_SHMSIZE {
        throw .system("cannot write the catalogue", at: path, code: ENOSPC)
      }
      switch error.resultCode {
      case .SQLITE_FULL:
        throw .system("cannot write the catalogue", at: path, code: ENOSPC)
      case .SQLITE_BUSY, .SQLITE_LOCKED, .SQLITE_PROTOCOL:
        throw InputError(
          .tryAgain, "another process holds the catalogue", at: path,
          got: LockHolders.names(of: path, "\(path)-shm", "\(path)-wal"),
          hint: "try again when it lets go")
      case .SQLITE_CORRUPT, .SQLITE_NOTADB:
        throw damaged(path, got: error.message)
      case .SQLITE_CANTOPEN, .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_AUTH:
        throw InputError(.cannotCreate, "cannot open the catalogue", at: path, got: error.message)
      case .SQLITE_CONSTRAINT:
        throw InputError(
          .badData, "the catalogue contradicts what is to be written", at: path,
          got: error.message, hint: rebuild)
      default:
        throw InputError(.inputOutput, "the catalogue failed", at: path, got: "\(error)")
      }
    } catch {
      throw InputError(.inputOutput, "the catalogue failed", at: path, got: "\(error)")
    }
  }

  private static let rebuild =
    "rebuild it from the shards with 'vild cache reindex'; nothing is lost"

  private static func damaged(_ path: String, got: String?) -> InputError {
    InputError(.badData, "the catalogue is damaged", at: path, got: got, hint: rebuild)
  }
}
