extension ReportPage {
  /// What was run, and how to run it again.
  var provenance: Section? {
    let parts = runs.map { run in
      let counts = run.counts.map {
        "<tr><th scope=\"row\">\($0.what)</th><td>\($0.count)</td></tr>\n" as HTML
      }
      return Piece(
        names: [run.name],
        content: """
          <table class="numbers counts">
          <tbody>
          \(HTML(counts))</tbody>
          </table>
          <details><summary>The pipeline file of \(run.name), with every default</summary>
          <pre tabindex="0">\(run.pipeline)</pre>
          </details>

          """)
    }.map(underItsHeading)
    return Section(
      id: "run", title: "What was run",
      content: """
        \(HTML(parts))<p>This command makes the page again, and first whatever of it is missing:</p>
        <pre tabindex="0"><code>\(command)</code></pre>

        """)
  }
}
