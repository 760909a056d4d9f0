/// Rows as lines of text: the first `wordColumns` columns to the left, the others to the right, two
/// spaces between.
///
/// - Parameters:
///   - rows: the header first; all of one length.
///   - wordColumns: at least 1.
package func aligned(_ rows: [[String]], wordColumns: Int = 1) -> String {
  guard let header = rows.first else { return "" }
  let widths = header.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
  return rows.map { row in
    row.enumerated().map { column, cell in
      let space = String(repeating: " ", count: widths[column] - cell.count)
      return column < wordColumns ? cell + space : space + cell
    }.joined(separator: "  ") + "\n"
  }.joined()
}
