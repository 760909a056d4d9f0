import Evaluation
import Foundation

extension ReportPage {
  /// One number of an evaluation's row.
  private struct Column: Equatable {
    let title: String
    let group: String
    let figure: String

    func score(in evaluation: DetectionEvaluation) -> Double? {
      evaluation.groups.first { $0.name == group }?.scores[figure]
    }
  }

  /// What tables show of an evaluation, as far as one of the runs has it; what the method is about
  /// stands first, as a telephone shows three columns.
  private var columns: [Column] {
    let groups = ["novel", "base"]
    let possible =
      groups.map { Column(title: "AP50 \($0)", group: $0, figure: "AP50") }
      + [Column(title: "AP50", group: "all", figure: "AP50")]
      + [("AP", "all"), ("APr", "rare"), ("APc", "common"), ("APf", "frequent")].map {
        Column(title: $0, group: $1, figure: "AP")
      }
      + groups.map { Column(title: "AP \($0)", group: $0, figure: "AP") }
      + [Column(title: "AP75", group: "all", figure: "AP75")]
    return possible.filter { column in
      evaluations.contains { column.score(in: $0.evaluation) != nil }
    }
  }

  private var evaluations: [(run: ReportedRun, evaluation: DetectionEvaluation)] {
    runs.flatMap { run in run.evaluation.evaluations.map { (run, $0) } }
  }

  /// Average precision, a row an evaluation, with the paper's where the protocol is LVIS's.
  var results: Section? {
    let statements = evaluations.map(\.evaluation.statement).reduce(into: [String]()) {
      if !$0.contains($1) { $0.append($1) }
    }
    let rows = evaluations.map { run, evaluation in
      let note = statements.firstIndex(of: evaluation.statement)! + 1
      return """
        <tr><th scope="row">\(run.name), \(evaluation.iouType.words)\
        <sup><a href="#protocol-\(note)" aria-label="protocol \(note)">\(note)</a></sup></th>\
        \(HTML(columns.map { "<td>\(percent($0.score(in: evaluation)))</td>" }))</tr>

        """ as HTML
    }
    let notes = statements.enumerated().map { index, statement in
      "<li id=\"protocol-\(index + 1)\">\(statement).</li>\n" as HTML
    }
    return Section(
      id: "results", title: "Results",
      content: """
        \(HTML(merged(names).map { underItsHeading($0) }))\
        <div class="wide" tabindex="0" role="region" aria-label="Results">
        <table class="numbers">
        <caption>Average precision in percent; a dash where there is no ground truth.</caption>
        <thead><tr><th scope="col">run</th>\
        \(HTML(columns.map { "<th scope=\"col\">\($0.title)</th>" }))</tr></thead>
        <tbody>
        \(HTML(rows))</tbody>
        \(paperRows)</table>
        </div>
        <ol class="notes">
        \(HTML(notes))</ol>
        \(HTML(runs.map(allFigures)))
        """)
  }

  /// How often each name is given, with what is wrong there.
  private var names: [Piece] {
    runs.compactMap { run in
      run.evaluation.confident.map { confident in
        let warning = confident.warning.map {
          "<p class=\"warning\">Warning: \($0).</p>\n" as HTML
        }
        return Piece(
          names: [run.name], content: "<p>\(confident.line).</p>\n\(warning ?? .nothing)")
      }
    }
  }

  /// The paper's rows, below those of runs that were evaluated by the same protocol.
  private var paperRows: HTML {
    let ours = evaluations.filter { $0.evaluation.protocol == .lvis }
    guard !ours.isEmpty else { return .nothing }
    let types = Set(ours.map(\.evaluation.iouType)).union([.mask])
    let rows = PaperResult.all.filter { types.contains($0.iouType) }.map { paper in
      let scores = [
        "AP": paper.ap, "APr": paper.apr, "APc": paper.apc, "APf": paper.apf,
      ]
      let cells = columns.map { column in
        "<td>\(scores[column.title].map { String(format: "%.1f", $0) } ?? "")</td>" as HTML
      }
      let isOurs = runs.contains { $0.method == paper.method }
      return """
        <tr\(isOurs ? " class=\"same\"" as HTML : .nothing)><th scope="row">\(paper.name)\
        \(paper.iouType == .mask ? "" : ", boxes")\(isOurs ? ", this page's method" : "")</th>\(HTML(cells))</tr>

        """ as HTML
    }
    return """
      <tbody class="paper">
      <tr><th scope="rowgroup" colspan="\(columns.count + 1)">\
      <span>The paper (Gu et al., ICLR 2022): masks of LVIS v1, ResNet-50, teacher CLIP ViT-B/32. \
      To be compared with a run on LVIS only.</span></th></tr>
      \(HTML(rows))</tbody>

      """
  }

  /// Every number of the report's groups.
  private func allFigures(of run: ReportedRun) -> HTML {
    let tables = run.evaluation.evaluations.map { evaluation in
      let rows = evaluation.groups.map { group in
        """
        <tr><th scope="row">\(group.name)</th><td>\(group.categories)</td>\
        <td>\(group.evaluated)</td>\
        \(HTML(evaluation.figures.map { "<td>\(percent(group.scores[$0]))</td>" }))</tr>

        """ as HTML
      }
      return """
        <div class="wide" tabindex="0" role="region" aria-label="All figures, \
        \(evaluation.iouType.words)">
        <table class="numbers">
        <caption>\(evaluation.statement)</caption>
        <thead><tr><th scope="col">group</th><th scope="col">categories</th>\
        <th scope="col">with truth</th>\
        \(HTML(evaluation.figures.map { "<th scope=\"col\">\($0)</th>" }))</tr></thead>
        <tbody>
        \(HTML(rows))</tbody>
        </table>
        </div>

        """ as HTML
    }
    return """
      <details><summary>All figures of \(run.name), by group</summary>
      \(HTML(tables))</details>

      """
  }
}

extension IoUType {
  /// What is compared: "boxes" or "masks".
  var words: String { self == .box ? "boxes" : "masks" }
}
