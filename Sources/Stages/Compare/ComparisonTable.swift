import Evaluation
import Foundation
import Pipeline
import Reporting

/// The paper's table of methods, from evaluations: a row a method, means over seeds.
struct ComparisonTable: Encodable {
  /// One number of a row.
  struct Cell: Encodable {
    let name: String
    /// Over the seeds, in percent; nil without ground truth.
    let mean: Double?
    /// The sample's standard deviation over the seeds; nil for one seed.
    let deviation: Double?

    init(_ name: String, of scores: [Double]) {
      self.name = name
      let known = scores.filter { $0 >= 0 }.map { $0 * 100 }
      let mean = known.reduce(0, +) / Double(max(1, known.count))
      self.mean = known.isEmpty ? nil : mean
      deviation =
        known.count < 2
        ? nil
        : (known.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(known.count - 1))
          .squareRoot()
    }

    var text: String {
      guard let mean else { return "-" }
      let number = String(format: "%.1f", mean)
      return deviation.map { number + String(format: " ± %.1f", $0) } ?? number
    }
  }

  struct Row: Encodable {
    let method: String
    let seeds: Int
    let cells: [Cell]
    /// The paper's numbers of the same method: LVIS v1, masks, ResNet-50, CLIP ViT-B/32.
    let paper: [Cell]?
  }

  /// How the numbers were made, a statement for each kind of overlap.
  let statements: [String]
  let rows: [Row]

  /// - Parameter results: each method's reports, one a seed; all of one data set and protocol.
  init(_ results: [(method: ComparedMethod, reports: [EvaluationReport])]) {
    statements =
      results.compactMap { $0.reports.first?.evaluations.map(\.statement) }
      .max { $0.count < $1.count } ?? []
    rows = results.map { method, reports in
      Row(
        method: method.rawValue, seeds: reports.count, cells: Self.cells(reports),
        paper: PaperResult.masks(of: method.rawValue).map { paper in
          [("AP", paper.ap), ("APr", paper.apr), ("APc", paper.apc), ("APf", paper.apf)]
            .map { Cell($0, of: [$1 / 100]) }
        })
    }
  }

  private static func cells(_ reports: [EvaluationReport]) -> [Cell] {
    reports[0].evaluations.indices.flatMap { index -> [Cell] in
      let evaluations = reports.map { $0.evaluations[index] }
      let kind = evaluations[0].iouType == .box ? "box" : "mask"
      func cell(_ name: String, _ group: String, _ figure: String) -> Cell {
        Cell(
          "\(kind) \(name)",
          of: evaluations.map { evaluation in
            evaluation.groups.first { $0.name == group }?.scores[figure] ?? -1
          })
      }
      let frequencies = [("APr", "rare"), ("APc", "common"), ("APf", "frequent")]
      return [
        cell("AP", "all", "AP"), cell("AP50", "all", "AP50"),
        cell("AP50 base", "base", "AP50"), cell("AP50 novel", "novel", "AP50"),
      ]
        + frequencies.filter { frequency in
          evaluations[0].groups.contains { $0.name == frequency.1 }
        }.map { cell($0, $1, "AP") }
    }
  }

  /// As Markdown.
  var text: String {
    // A detector without masks has fewer numbers than one with them.
    let names = rows.map { $0.cells.map(\.name) }.max { $0.count < $1.count } ?? []
    let paperNames = ["AP", "APr", "APc", "APf"]
    let header =
      ["method"] + names + paperNames.map { "paper \($0)" }
    let lines = rows.map { row in
      [row.method]
        + names.map { name in row.cells.first { $0.name == name }?.text ?? "-" }
        + (row.paper?.map(\.text) ?? paperNames.map { _ in "-" })
    }
    let rule = ["---"] + header.dropFirst().map { _ in "---:" }
    let table = ([header, rule] + lines).map { "| \($0.joined(separator: " | ")) |\n" }.joined()
    let seeds = rows.map(\.seeds).max() ?? 1
    return table + "\n"
      + statements.map { "\($0)\n" }.joined()
      + "in percent"
      + (seeds > 1 ? "; mean ± standard deviation over \(seeds) seeds of the student" : "")
      + "; the paper's columns are LVIS v1, masks, ResNet-50, CLIP ViT-B/32\n"
  }
}
