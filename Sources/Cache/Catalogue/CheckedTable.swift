internal import GRDB

/// The tables whose rows carry a checksum, as their last column. The first column is the key.
enum CheckedTable: String, CaseIterable {
  case unit, image, shard, location, file, summary, usable, run

  /// All but the checksum, in their order.
  var columns: [String] {
    switch self {
    case .unit:
      [
        "id", "state", "owner", "silence", "beat", "token", "attempts", "alone", "begun", "deaths",
      ]
    case .image: ["id", "unit", "position"]
    case .shard: ["unit", "file", "bytes", "sha256", "blocks", "images", "regions"]
    case .location:
      [
        "image", "shard", "block", "first_row", "row_count", "width", "height", "status", "error",
        "content", "regions",
      ]
    case .file: ["image", "path", "size", "modified"]
    case .summary: ["only_row", "usable", "manifest"]
    case .usable: ["rank", "images"]
    case .run:
      ["id", "started", "finished", "owner", "arguments", "images", "regions", "statistics"]
    }
  }

  fileprivate var insertion: String { Self.insertions[self]! }

  private static let insertions = Dictionary(
    uniqueKeysWithValues: allCases.map { table in
      let columns = table.columns + ["checksum"]
      let marks = columns.map { _ in "?" }.joined(separator: ", ")
      return (
        table,
        "INSERT INTO \(table.rawValue) (\(columns.joined(separator: ", "))) VALUES (\(marks))"
      )
    })

  fileprivate var replacement: String { Self.replacements[self]! }

  private static let replacements = Dictionary(
    uniqueKeysWithValues: allCases.map { table in
      let changes = (table.columns.dropFirst() + ["checksum"]).map { "\($0) = excluded.\($0)" }
      return (
        table,
        "\(table.insertion) ON CONFLICT (\(table.columns[0])) DO UPDATE SET "
          + changes.joined(separator: ", ")
      )
    })
}

extension Database {
  /// Writes a new row with its checksum.
  func insert(_ values: [(any DatabaseValueConvertible)?], into table: CheckedTable) throws {
    try write(values, of: table, by: table.insertion)
  }

  /// Writes a row with its checksum; one of the same key is overwritten.
  func put(_ values: [(any DatabaseValueConvertible)?], into table: CheckedTable) throws {
    try write(values, of: table, by: table.replacement)
  }

  private func write(
    _ values: [(any DatabaseValueConvertible)?], of table: CheckedTable, by sql: String
  ) throws {
    precondition(values.count == table.columns.count)
    let row = values.map { $0?.databaseValue ?? .null }
    try cachedStatement(sql: sql).execute(
      arguments: StatementArguments(row + [RowChecksum.of(row).databaseValue]))
  }

  /// The rows that `sql` selects, every column of `table` in its order.
  func checkedRows(
    _ table: CheckedTable, _ sql: String, _ arguments: StatementArguments = []
  ) throws -> [CheckedRow] {
    let rows = try Row.fetchCursor(cachedStatement(sql: sql), arguments: arguments)
    var checked: [CheckedRow] = []
    while let row = try rows.next() { checked.append(try CheckedRow(row, of: table)) }
    return checked
  }

  /// The row of `table` with this key.
  func checkedRow(_ table: CheckedTable, key: Int) throws -> CheckedRow? {
    try checkedRows(table, table.lookup, [key]).first
  }
}

extension CheckedTable {
  fileprivate var lookup: String { Self.lookups[self]! }

  private static let lookups = Dictionary(
    uniqueKeysWithValues: allCases.map {
      ($0, "SELECT * FROM \($0.rawValue) WHERE \($0.columns[0]) = ?")
    })
}

/// A row that does not have the checksum it was written with.
struct DamagedRow: Error, CustomStringConvertible {
  var table: CheckedTable
  /// As it is read now.
  var key: DatabaseValue

  var description: String {
    "row \(key) of table '\(table.rawValue)' does not have the checksum it was written with"
  }
}

/// A row that has the checksum it was written with; its columns are taken one after the other.
struct CheckedRow {
  private let table: CheckedTable
  private let values: ArraySlice<DatabaseValue>
  private var next: Int

  /// - Throws: `DamagedRow`.
  init(_ row: Row, of table: CheckedTable) throws {
    try self.init(Array(row.databaseValues)[...], of: table)
  }

  /// - Parameter values: the table's columns in their order.
  /// - Throws: `DamagedRow`.
  init(_ values: ArraySlice<DatabaseValue>, of table: CheckedTable) throws {
    (self.table, self.values, next) = (table, values.dropLast(), values.startIndex)
    guard values.count == table.columns.count + 1, let last = values.last,
      last == RowChecksum.of(self.values).databaseValue
    else { throw DamagedRow(table: table, key: values.first ?? .null) }
  }

  /// The next column.
  ///
  /// - Throws: `DamagedRow` where it is of another type.
  mutating func take<Value: DatabaseValueConvertible>() throws -> Value {
    guard next < values.endIndex, let value = Value.fromDatabaseValue(values[next]) else {
      throw DamagedRow(table: table, key: values.first ?? .null)
    }
    next += 1
    return value
  }

  /// The next column, as one of the cases that a type has.
  ///
  /// - Throws: `DamagedRow` where it is none of them.
  mutating func take<Value: RawRepresentable<String>>() throws -> Value {
    guard let value = Value(rawValue: try take()) else {
      throw DamagedRow(table: table, key: values.first ?? .null)
    }
    return value
  }

  /// Goes past the next column.
  mutating func skip() { next += 1 }
}
