internal import GRDB

/// A unit of work as the catalogue has it; read, changed and written as a whole.
struct UnitRow {
  enum State: String { case ready, leased, done }

  let id: Int
  var state = State.ready
  /// Name of the `Owner` of a lease.
  var owner: String?
  /// For how many seconds the owner may give no sign of life.
  var silence: Double?
  /// Changes with every sign of life.
  var beat = 0
  /// Changes with the holder.
  var token = 0
  /// Leases that were not given back.
  var attempts = 0
  /// Whether the owner has nothing else in work.
  var alone = false
  /// Whether an owner who is alone with it has begun to embed.
  var begun = false
  /// Owners in a row that ended after they had begun.
  var deaths = 0

  init(id: Int, state: State = .ready, attempts: Int = 0) {
    (self.id, self.state, self.attempts) = (id, state, attempts)
  }

  private init(_ row: CheckedRow) throws {
    var row = row
    id = try row.take()
    state = try row.take()
    owner = try row.take()
    silence = try row.take()
    beat = try row.take()
    token = try row.take()
    attempts = try row.take()
    alone = try row.take()
    begun = try row.take()
    deaths = try row.take()
  }

  static func fetch(_ id: Int, in db: Database) throws -> UnitRow? {
    try db.checkedRow(.unit, key: id).map(UnitRow.init)
  }

  /// The units that a clause of SQL selects.
  static func all(
    _ clause: String = "", _ arguments: StatementArguments = [], in db: Database
  ) throws -> [UnitRow] {
    try db.checkedRows(.unit, "SELECT * FROM unit \(clause)", arguments).map(UnitRow.init)
  }

  /// Writes it over what is there.
  func store(in db: Database) throws { try db.put(values, into: .unit) }

  /// Adds it; there must be none of its number.
  func insert(in db: Database) throws { try db.insert(values, into: .unit) }

  /// Ends its lease.
  mutating func free() {
    (state, owner, silence, alone, begun) = (.ready, nil, nil, false, false)
  }

  private var values: [(any DatabaseValueConvertible)?] {
    [id, state.rawValue, owner, silence, beat, token, attempts, alone, begun, deaths]
  }
}
