import Foundation
import Support

extension EvaluationReport {
  /// Up to so many categories are listed where nobody says otherwise: Pascal VOC's 20, but not
  /// COCO's 80.
  static let mostListed = 30

  /// The report as aligned text; scores in percent, "-" without ground truth.
  ///
  /// - Parameter categories: whether each category has a row; nil lists up to 30 of them.
  public func table(categories: Bool? = nil) -> String {
    let listed = categories ?? (boxes.categories.count <= Self.mostListed)
    let parts = evaluations.map { evaluation in
      "\(evaluation.statement)\n\(images.counted("image")), \(detections.counted("detection"))\n\n"
        + evaluation.groupsTable + (listed ? "\n" + evaluation.categoriesTable : "")
    }
    return (parts + (proposals.map { [$0.table] } ?? [])).joined(separator: "\n")
  }
}

extension DetectionEvaluation {
  fileprivate var groupsTable: String {
    aligned(
      [["group", "categories", "with truth"] + figures]
        + groups.map { group in
          [group.name, "\(group.categories)", "\(group.evaluated)"]
            + figures.map { percent(group.scores[$0] ?? absentScore) }
        })
  }

  /// Base categories before novel ones, otherwise as the data set has them.
  fileprivate var categoriesTable: String {
    let (shown, hasGroups) = (
      figures.filter(["AP", "AP50"].contains), categories.contains { $0.group != nil }
    )
    let sorted =
      hasGroups
      ? categories.filter { $0.group != "novel" } + categories.filter { $0.group == "novel" }
      : categories
    return aligned(
      [["category"] + (hasGroups ? ["group"] : []) + ["truths", "detections"] + shown]
        + sorted.map { category in
          [category.name] + (hasGroups ? [category.group ?? ""] : [])
            + ["\(category.truths)", "\(category.detections)"]
            + shown.map { percent(category.scores[$0] ?? absentScore) }
        }, wordColumns: hasGroups ? 2 : 1)
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
