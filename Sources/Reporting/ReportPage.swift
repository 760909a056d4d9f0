import Foundation

/// The results of one or several runs as one HTML file that needs nothing else: no other file, no
/// network. Without JavaScript everything is there but sorting and filtering.
public struct ReportPage: Sendable {
  /// Changes with what a page looks like, so that old pages are made anew.
  public static let version = 3

  let runs: [ReportedRun]
  /// The command that makes the page again.
  let command: String

  /// - Parameters:
  ///   - runs: at least one; the first gives the page its title.
  ///   - command: the command that makes the page again.
  public init(_ runs: [ReportedRun], command: String) {
    precondition(!runs.isEmpty, "a page is about a run")
    self.runs = runs
    self.command = command
  }

  /// A part of the page; one without content is left out.
  struct Section {
    let id: String
    let title: String
    let content: HTML
  }

  /// The page. The same runs give the same text.
  public var text: String {
    let sections = [results, proposals, training, categories, scenes, provenance].compactMap(\.self)
    let names = runs.map(\.name).joined(separator: ", ")
    let page: HTML = """
      <!doctype html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta name="color-scheme" content="light dark">
      <meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; \
      style-src 'unsafe-inline'; script-src 'unsafe-inline'">
      <link rel="icon" href="data:,">
      <title>\(names): report</title>
      <style>
      \(HTML(raw: Self.style))</style>
      </head>
      <body>
      <header>
      <h1>\(names)</h1>
      \(HTML(runs.map { "<p>\(runs.count > 1 ? "\($0.name): " : HTML.nothing)\($0.summary)</p>\n" }))\
      <nav aria-label="Sections">
      \(HTML(sections.map { "<a href=\"#\($0.id)\">\($0.title)</a>\n" }))</nav>
      </header>
      <main>
      \(HTML(sections.map(Self.element)))</main>
      <script>
      \(HTML(raw: Self.script))</script>
      </body>
      </html>

      """
    return page.text
  }

  private static func element(_ section: Section) -> HTML {
    """
    <section id="\(section.id)">
    <h2>\(section.title)</h2>
    \(section.content)</section>

    """
  }

  /// What belongs to one of several runs under the run's name; of a single run as it is.
  func underItsName(_ run: ReportedRun, _ content: HTML) -> HTML {
    runs.count > 1 ? "<h3>\(run.name)</h3>\n\(content)" : content
  }
}

/// A score of 0...1 in percent, as tables show it; a dash without ground truth.
func percent(_ score: Double?) -> String {
  guard let score, score >= 0 else { return "–" }
  return String(format: "%.1f", score * 100)
}
