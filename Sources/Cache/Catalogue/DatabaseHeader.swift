internal import GRDB
internal import GRDBSQLite
internal import Support

/// How the file of an open database begins (SQLite's file format, version 3).
///
/// It is read through the descriptor that SQLite holds: a second one, when closed, would take from
/// the process every lock that it has on the file (POSIX), and another process, seeing itself alone,
/// would remove the log that this one writes into.
struct DatabaseHeader {
  private let bytes: [UInt8]
  private let file: UnsafeMutablePointer<sqlite3_file>
  private let methods: sqlite3_io_methods

  /// Valid as long as `db`. Nil for a database in memory, and for a file without a header, which is
  /// SQLite's to judge.
  init?(_ db: Database) {
    var pointer: UnsafeMutablePointer<sqlite3_file>?
    let code = sqlite3_file_control(
      db.sqliteConnection, "main", SQLITE_FCNTL_FILE_POINTER, &pointer)
    guard code == SQLITE_OK, let file = pointer, let methods = file.pointee.pMethods?.pointee
    else { return nil }
    var bytes = [UInt8](repeating: 0, count: 32)
    guard methods.xRead(file, &bytes, Int32(bytes.count), 0) == SQLITE_OK else { return nil }
    (self.bytes, self.file, self.methods) = (bytes, file, methods)
  }

  /// Whether SQLite keeps the file with a write-ahead log. It reads some whose header says otherwise,
  /// but would write them in another way or not at all.
  var hasLogFormat: Bool {
    // Versions for writing and reading, and numbers that are always these.
    bytes[18..<24].elementsEqual([2, 2, 0, 64, 32, 32])
  }

  /// - Throws: `InputError` (`badData`) where the file, at `path`, is shorter than its header says (the
  ///   page size at 16, their number at 28). What is in a log may not have reached the file yet.
  func requireWholePages(at path: String) throws(InputError) {
    // In this order: the pages of a log that is gone by now are in the file by now.
    var size: sqlite3_int64 = 0
    guard !CatalogueFile.hasLog(path), methods.xFileSize(file, &size) == SQLITE_OK else { return }
    func number(_ bytes: ArraySlice<UInt8>) -> Int { bytes.reduce(0) { $0 << 8 | Int($1) } }
    let (pageSize, pages) = (number(bytes[16..<18]), number(bytes[28..<32]))
    let whole = pages * (pageSize == 1 ? 65_536 : pageSize)
    if size < whole {
      throw Catalogue.damaged(path, expected: whole.counted("byte"), got: "\(size)")
    }
  }
}
