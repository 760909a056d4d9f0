import Support

extension BrowsePage {
  /// Up to the first crop.
  func head(_ census: CorpusCensus, _ names: NameList) -> String {
    let given = census.categories.count { $0.detections > 0 }
    let sections = [
      ("names", "Names", true), ("images", "Images with most objects", census.confident > 0),
      ("failures", "Failures", census.failures.count > 0), ("about", "About this page", true),
    ].filter(\.2).map { "<a href=\"#\($0.0)\">\($0.1)</a>\n" as HTML }
    let others: HTML =
      names.others == 0
      ? .nothing
      : """
      <p>\(names.others.counted("more name has", "more names have")) no room here, with \
      \(names.otherDetections.counted("detection")).</p>

      """
    let kinds: HTML = """
      <option value="7">all crops</option><option value="1">the best</option>\
      <option value="2">borderline</option><option value="4">random</option>
      """
    let orders: HTML = """
      <option value="0">most objects first</option><option value="1">most detections first</option>\
      <option value="2">by name</option>
      """
    let page: HTML = """
      \(HTML.head(title: "\(words.title): labels", style: ReportPage.style + Self.style))\
      <body>
      <header>
      <h1>\(words.title)</h1>
      <p>\(census.images.counted("image")), \(census.failures.count) failed; \
      \(census.detections.counted("detection")) of \(given) of \
      \(census.categories.count.counted("name")).</p>
      <p>\(census.confident.counted("object")): detections of \(words.thresholds.shown(400)).</p>
      <nav aria-label="Sections">
      \(HTML(sections))</nav>
      </header>
      <main>
      <section id="names">
      <h2>Names</h2>
      <noscript><p class="warning">Names, histograms and crops need JavaScript.</p></noscript>
      <form class="filter browse" hidden>
      <label>Name contains <input type="search" name="name"></label>
      <label>From score <input type="range" name="least" min="0" max="0.98" step="0.02" value="0"> \
      <output name="score"></output></label>
      <label>Show <select name="kind">\(kinds)</select></label>
      <label>Order <select name="order">\(orders)</select></label>
      <output name="found"></output>
      </form>
      <div id="cards"></div>
      <p><button type="button" id="more" hidden>Show more names</button></p>
      \(others)<dialog id="crop" aria-labelledby="crop-name">
      <form method="dialog"><button>Close</button></form>
      <h3 id="crop-name"></h3>
      <div id="crop-picture"></div>
      <p id="crop-words"></p>
      </dialog>
      </section>

      """
    return page.text + """
      <script type="application/json" id="names-data">\(names.text)</script>
      <script type="application/json" id="crops-data">[
      """
  }

  /// All that follows the crops and images.
  func end(_ census: CorpusCensus, _ names: NameList, _ plan: CropPlan) -> String {
    let cropless = names.given + names.others - plan.categories
    let limit =
      cropless > 0 ? ", and \(plan.categories.counted("name has", "names have")) any" : ""
    let page: HTML = """
      \(failures(census.failures))<section id="about">
      <h2>About this page</h2>
      <p>Of each name up to \(plan.best) crops of the highest scores, \(plan.beside) on each side of \
      its threshold (borderline) and \(plan.sample) drawn at random from the threshold on; at most \
      \(plan.side) pixels long, with an eighth of the box's size around it on each side. The more \
      names there are, the fewer and smaller are the crops\(limit).</p>
      <p>A histogram has \(CorpusCensus.bins) bins between 0 and 1; the height of a bar is the \
      logarithm of its count, the dashed line the threshold.</p>
      <p>This command makes the page again:</p>
      <pre tabindex="0"><code>\(words.command)</code></pre>
      </section>
      </main>
      <script>
      \(HTML(raw: Self.script))</script>
      </body>
      </html>

      """
    return page.text
  }

  private func failures(_ failures: FailedExamples) -> HTML {
    if failures.count == 0 { return .nothing }
    let rows = failures.sorted.map { reason in
      let more = reason.count > reason.images.count ? ", …" : ""
      return """
        <tr><th scope="row">\(reason.text)</th><td>\(reason.count)</td>\
        <td class="words">\(reason.images.joined(separator: ", "))\(more)</td></tr>

        """ as HTML
    }
    return """
      <section id="failures">
      <h2>Failures</h2>
      <div class="wide" tabindex="0" role="region" aria-label="Failures">
      <table class="numbers">
      <caption>Images that could not be read.</caption>
      <thead><tr><th scope="col">reason</th><th scope="col">images</th>\
      <th scope="col" class="words">the first of them</th></tr></thead>
      <tbody>
      \(HTML(rows))</tbody>
      </table>
      </div>
      </section>

      """
  }
}
