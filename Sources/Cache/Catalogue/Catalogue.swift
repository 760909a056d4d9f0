internal import Foundation
internal import GRDB
internal import Support
internal import Synchronization

/// The SQLite index of a cache: which images, which units of work, which shards.
///
/// One connection, used by one thread at a time; writes are immediate transactions, durable when
/// they return.
final class Catalogue: Sendable {
  let path: String
  let clock: LeaseClock
  let watch = LeaseWatch()
  /// Whether `requireSound` has looked.
  let isKnownSound = Mutex(false)
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
    var configuration = Self.configuration(busySeconds: busySeconds, path: path)
    configuration.journalMode = .wal
    let settings = configuration
    queue = try Self.translating(path) {
      let queue = try DatabaseQueue(path: path, configuration: settings)
      try queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
      return queue
    }
    file = try CatalogueFile(path)
    try requireSound()
    try Self.migrate(queue, path)
    try write { db in
      try db.execute(
        sql: "INSERT OR IGNORE INTO recipe (only_row, hash, json) VALUES (1, ?, ?)",
        arguments: [
          recipe.hash, recipe.json.canonical,
        ]
      )
    }
    try requireRecipe(recipe)
  }

  /// Opens an existing catalogue for reading only, also where its folder must not be written to. One of
  /// an older version is brought up to date in memory.
  ///
  /// - Throws: `InputError` (`missingInput` where there is none, `badData`, `tryAgain` where only
  ///   somebody who may write can bring it up to date).
  convenience init(
    reading path: String, recipe: Recipe, clock: LeaseClock = .system
  ) throws(InputError) {
    try self.init(unchecked: path, clock: clock, isUpToDate: true)
    try requireRecipe(recipe)
  }

  /// Whether the catalogue at `path` is there and was made to the end. What a full disk or a kill left
  /// before that holds nothing, and opening it for writing goes on with it.
  ///
  /// - Throws: `InputError` for one that cannot be read.
  static func isMade(_ path: String) throws(InputError) -> Bool {
    guard Files.exists(path) else { return false }
    return try Catalogue(unchecked: path, clock: .system, isUpToDate: false).read { db in
      try version(db) > 0 && Row.fetchOne(db, sql: "SELECT 1 FROM recipe") != nil
    }
  }

  /// The recipe that the catalogue at `path` says it is of; nil where it cannot be read.
  static func recipeText(_ path: String) -> String? {
    try? Catalogue(unchecked: path, clock: .system, isUpToDate: false).read { db in
      try String.fetchOne(db, sql: "SELECT json FROM recipe")
    }
  }

  /// Opens a catalogue for reading, whosever it is.
  ///
  /// - Parameter isUpToDate: whether it has to be of this version, or is to become so in memory.
  private init(
    unchecked path: String, clock: LeaseClock, isUpToDate: Bool
  ) throws(InputError) {
    self.path = path
    self.clock = clock
    guard Files.exists(path) else {
      throw InputError(
        .missingInput, "the cache has no catalogue", at: path,
        hint: "rebuild it from the shards with 'vild cache reindex'")
    }
    file = try CatalogueFile(path)
    isImmutable = try file.mustBeImmutable()
    var configuration = Self.configuration(busySeconds: 60, path: path)
    configuration.readonly = true
    let settings = configuration
    let name = isImmutable ? CatalogueFile.immutableName(path) : path
    let mayBeMended = !isImmutable
    let stored = try Self.translating(path) {
      do {
        return try DatabaseQueue(path: name, configuration: settings)
      } catch let error as DatabaseError
        where error.resultCode == .SQLITE_READONLY && mayBeMended
      {
        // A killed writer left what only a writer may roll back, which opening does.
        _ = try DatabaseQueue(
          path: path, configuration: Self.configuration(busySeconds: 60, path: path))
        return try DatabaseQueue(path: name, configuration: settings)
      }
    }
    queue = isUpToDate ? try Self.upToDate(stored, path) : stored
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

  /// Gives back the memory of pages that were read.
  func releaseMemory() { queue.releaseMemory() }

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

  /// - Parameter path: the catalogue's file; nil in memory.
  static func configuration(busySeconds: Double, path: String?) -> Configuration {
    var configuration = Configuration()
    configuration.busyMode = .timeout(busySeconds)
    configuration.prepareDatabase { db in
      // Before SQLite fills up what is missing.
      if let path { try DatabaseHeader(db)?.requireWholePages(at: path) }
      // Negative: in KiB. Debian's own default is 2 MB.
      try db.execute(sql: "PRAGMA cache_size = -16384")
      db.add(function: RowChecksum.function)
    }
    return configuration
  }

  private func requireRecipe(_ recipe: Recipe) throws(InputError) {
    let row = try read { db in
      try Row.fetchOne(db, sql: "SELECT hash, json FROM recipe").map {
        (hash: try $0.decode(String.self, atIndex: 0), json: try $0.decode(String.self, atIndex: 1))
      }
    }
    guard let row else { throw Self.damaged(path, got: "no recipe") }
    guard Fingerprint.data(Data(row.json.utf8)) == row.hash else {
      throw Self.damaged(path, got: "a recipe without the hash it was written with")
    }
    if row.hash == recipe.hash { return }
    let found = try? JSONDecoder().decode(JSONValue.self, from: Data(row.json.utf8))
    throw Recipe.refusal(of: found ?? .null, wanted: recipe, at: path)
  }
}
