import Foundation
public import Images

/// The results of one or several runs as one HTML file that needs nothing else: no other file, no
/// network. Without JavaScript everything is there but sorting and filtering.
public struct ReportPage: Sendable {
  /// Changes with what a page looks like, so that old pages are made anew.
  public static let version = 5

  let runs: [ReportedRun]
  private let title: String
  /// The command that makes the page again.
  let command: String
  /// Of the labels on scenes: how much room they take.
  let font: LabelFont

  /// - Parameters:
  ///   - runs: at least one.
  ///   - title: the names of the runs where it is nil.
  ///   - command: the command that makes the page again.
  ///   - font: measures labels; the page is shown in the reader's own.
  public init(
    _ runs: [ReportedRun], title: String? = nil, command: String, font: LabelFont = .builtIn
  ) {
    self.font = font
    precondition(!runs.isEmpty, "a page is about a run")
    self.runs = runs
    self.title = title ?? runs.map(\.name).joined(separator: ", ")
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
    let summaries = merged(runs.map { Piece(names: [$0.name], content: "\($0.summary)") }).map {
      "<p>\(heading(of: $0).map { "\($0): " } ?? "")\($0.content)</p>\n" as HTML
    }
    let page: HTML = """
      \(HTML.head(title: "\(title): report", style: Self.style))\
      <body>
      <header>
      <h1>\(title)</h1>
      \(HTML(summaries))\
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

  /// A part of a section that is about one or several runs.
  struct Piece {
    var names: [String]
    var title: String?
    let content: HTML
  }

  /// Equal pieces of different runs once.
  func merged(_ pieces: [Piece]) -> [Piece] {
    pieces.reduce(into: []) { merged, piece in
      let same = merged.firstIndex {
        $0.title == piece.title && $0.content.text == piece.content.text
      }
      if let same { merged[same].names += piece.names } else { merged.append(piece) }
    }
  }

  /// The piece below its title and the names of its runs, where these are not all.
  func underItsHeading(_ piece: Piece) -> HTML {
    heading(of: piece).map { "<h3>\($0)</h3>\n\(piece.content)" } ?? piece.content
  }

  private func heading(of piece: Piece) -> String? {
    let names = piece.names.count < runs.count ? piece.names.joined(separator: ", ") : nil
    let parts = [names, piece.title].compactMap(\.self)
    return parts.isEmpty ? nil : parts.joined(separator: ": ")
  }
}

/// A score of 0...1 in percent, as tables show it; a dash without ground truth.
func percent(_ score: Double?) -> String {
  guard let score, score >= 0 else { return "–" }
  return String(format: "%.1f", score * 100)
}
