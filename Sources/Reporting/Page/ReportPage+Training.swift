import Evaluation

extension ReportPage {
  /// The recall of the proposals, where it was evaluated.
  var proposals: Section? {
    let tables = runs.compactMap { run -> Piece? in
      run.evaluation.proposals.map { recall in
        let rows = recall.groups.map { group in
          """
          <tr><th scope="row">\(group.name)</th><td>\(group.truths)</td>\
          \(HTML(group.recall.map(Self.barCell)))</tr>

          """ as HTML
        }
        return Piece(
          names: [run.name],
          content: """
            <div class="wide" tabindex="0" role="region" aria-label="Proposal recall">
            <table class="numbers">
            <caption>In percent: \(recall.protocolName).</caption>
            <thead><tr><th scope="col">group</th><th scope="col">boxes</th>\
            \(HTML(recall.limits.map { "<th scope=\"col\">AR@\($0)</th>" }))</tr></thead>
            <tbody>
            \(HTML(rows))</tbody>
            </table>
            </div>

            """)
      }
    }
    if tables.isEmpty { return nil }
    return Section(
      id: "proposals", title: "Proposal recall", content: HTML(merged(tables).map(underItsHeading)))
  }

  /// The figures of the trainings over their steps.
  var training: Section? {
    let parts = runs.flatMap { run in
      run.trainings.filter { !$0.diagrams.isEmpty }.map { training in
        let figures = training.diagrams.map { diagram in
          """
          <figure>\(HTML(raw: diagram.svg))\
          \(diagram.explanation.map { "<figcaption>\($0)</figcaption>" } ?? .nothing)</figure>

          """ as HTML
        }
        let unchanged: HTML =
          training.unchanged.isEmpty
          ? .nothing
          : "<p>The same in every step: \(training.unchanged.joined(separator: ", ")).</p>\n"
        return Piece(
          names: [run.name], title: training.name,
          content: """
            \(HTML(training.warnings.map { "<p class=\"warning\">Warning: \($0).</p>\n" }))\
            <div class="curves">
            \(HTML(figures))</div>
            \(unchanged)
            """)
      }
    }
    if parts.isEmpty { return nil }
    return Section(
      id: "training", title: "Training",
      content: """
        <p>Figures over steps, means of neighbouring steps in long runs; dots are evaluations. The \
        number after a name is the last.\(baselines)</p>
        \(HTML(merged(parts).map(underItsHeading)))
        """)
  }

  /// What the dashed lines are, where there are any.
  private var baselines: HTML {
    let diagrams = runs.flatMap(\.trainings).flatMap(\.diagrams)
    guard diagrams.contains(where: { $0.svg.contains("stroke-dasharray") }) else { return .nothing }
    return """
       Dashed beside the image loss is what it would be if the student answered with the mean of the \
      teacher's embeddings of all regions, and with the mean of each image's own.
      """
  }

  /// A score in percent with a bar of its length.
  static func barCell(_ score: Double?) -> HTML {
    let text = percent(score)
    guard score ?? -1 >= 0 else { return "<td data-v=\"-1\">\(text)</td>" }
    return "<td class=\"bar\" style=\"--v:\(text)\">\(text)</td>"
  }
}
