import Foundation
import Support
import Synchronization

/// How faults ended: what `make faults` keeps. Written anew after each where `VILD_FAULTS_TABLE` names
/// a file.
enum FaultTable {
  /// How what follows a fault ended.
  enum End {
    /// With the bytes of a run that nothing disturbed.
    case right
    /// With one line that says why, and the bytes once the cause was gone.
    case refused
    case wrong
  }

  private struct Row {
    var right = 0
    var refused = 0
    var wrong = 0

    var number: Int { right + refused + wrong }
  }

  private static let rows = Mutex<[String: [String: Row]]>([:])
  private static let path = ProcessInfo.processInfo.environment["VILD_FAULTS_TABLE"]

  /// Counts `number` faults of one kind.
  ///
  /// - Parameter stage: a `FaultStage`, or what was damaged.
  static func add(
    _ fault: String, _ stage: some CustomStringConvertible, _ end: End, number: Int = 1
  ) throws {
    try rows.withLock { rows in
      var row = rows[fault]?[stage.description] ?? Row()
      switch end {
      case .right: row.right += number
      case .refused: row.refused += number
      case .wrong: row.wrong += number
      }
      rows[fault, default: [:]][stage.description] = row
      if let path { try Files.write(Data(text(of: rows).utf8), to: path) }
    }
  }

  private static func text(of rows: [String: [String: Row]]) -> String {
    let date = Date.now.formatted(.iso8601.year().month().day())
    var lines = [
      "# Faults", "", "\(date), seed \(Faults.seed).", "",
      "| fault | stage | number | right | refused | wrong |",
      "| --- | --- | ---: | ---: | ---: | ---: |",
    ]
    var all = Row()
    for (fault, stages) in rows.sorted(by: { $0.key < $1.key }) {
      for (stage, row) in stages.sorted(by: { $0.key < $1.key }) {
        lines.append(line(fault, stage, row))
        all.right += row.right
        all.refused += row.refused
        all.wrong += row.wrong
      }
    }
    return (lines + [line("all", "", all)]).joined(separator: "\n") + "\n"
  }

  private static func line(_ fault: String, _ stage: String, _ row: Row) -> String {
    "| \(fault) | \(stage) | \(row.number) | \(row.right) | \(row.refused) | \(row.wrong) |"
  }
}
