import Foundation

extension EvaluationReport {
  /// The report as aligned text; scores in percent, "-" without ground truth.
  public var table: String {
    let parts = evaluations.map { evaluation in
      "\(evaluation.statement)\n\(images) images, \(detections) detections\n\n"
        + aligned(
          [["group", "categories", "with truth"] + evaluation.figures]
            + evaluation.groups.map { group in
              [group.name, "\(group.categories)", "\(group.evaluated)"]
                + evaluation.figures.map { percent(group.scores[$0] ?? absentScore) }
            })
    }
    return (parts + (proposals.map { [$0.table] } ?? [])).joined(separator: "\n")
  }
}

extension ProposalRecall {
  /// The recall as aligned text, in percent, "-" without ground truth.
  public var table: String {
    "\(protocolName)\n\n"
      + aligned(
        [["group", "boxes"] + limits.map { "AR@\($0)" }]
          + groups.map { [$0.name, "\($0.truths)"] + $0.recall.map(percent) })
  }
}

private func percent(_ score: Double) -> String {
  score > absentScore ? String(format: "%.1f", score * 100) : "-"
}

/// The first column to the left, the others to the right, two spaces between.
private func aligned(_ rows: [[String]]) -> String {
  let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
  return rows.map { row in
    row.enumerated().map { column, cell in
      let space = String(repeating: " ", count: widths[column] - cell.count)
      return column == 0 ? cell + space : space + cell
    }.joined(separator: "  ") + "\n"
  }.joined()
}
