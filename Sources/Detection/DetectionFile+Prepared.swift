extension DetectionFile {
  /// Makes the lines of one file; what takes the time of writing them. Any thread may.
  public struct RowFormat: Sendable {
    private let names: Names

    init(_ header: Header) { names = Names(header) }

    /// A row whose line is ready to be appended.
    public func prepared(_ row: Row) -> PreparedRow {
      PreparedRow(row: row, line: row.line(names: names))
    }
  }

  /// A row with its line.
  public struct PreparedRow: Sendable {
    public let row: Row
    /// With its end.
    let line: [UInt8]
  }
}
