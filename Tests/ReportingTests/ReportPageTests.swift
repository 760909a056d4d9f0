import Evaluation
import Foundation
import Reporting
import Testing

@Suite struct ReportPageTests {
  let page: String

  init() throws { page = ReportPage([try Sample.run()], command: "vild report 'a b'").text }

  /// The cells of the row that begins with `header`, of the table after `place`.
  func row(_ header: String, after place: String, in page: String) throws -> [String] {
    let start = try #require(page.range(of: place)).upperBound
    let rows = page[start...].split(separator: "<tr")
    let row = try #require(rows.first { $0.contains(">\(header)") })
    let end = row.range(of: "</tr>")?.lowerBound ?? row.endIndex
    return row[..<end].split(separator: "<td").dropFirst().map { cell in
      let text = cell[cell.index(after: cell.firstIndex(of: ">")!)...]
      return String(text.prefix { $0 != "<" })
    }
  }

  /// A rectangle a column.
  @Test func masksAreDrawn() {
    let shapes = page.split(separator: "<path class=").dropFirst().map { $0.prefix { $0 != "/" } }
    #expect(shapes == [#""base" d="M2 3h1v4h-1zM3 3h1v14h-1zM4 3h1v4h-1z""#])
  }

  /// Every number of a category's row is that of report.json.
  @Test func categoriesAreTheReports() throws {
    let data = try Sample.evaluation().json()
    let report = try JSONDecoder().decode(EvaluationReport.self, from: data)
    for category in report.boxes.categories {
      let cells = try row(
        "\(category.name.escapedForHTML)</th>", after: "id=\"categories\"", in: page)
      let scores = ["AP", "AP50"].map { figure -> String in
        let score = category.scores[figure]!
        return score < 0 ? "–" : String(format: "%.1f", score * 100)
      }
      #expect(cells == [category.group!, "\(category.truths)"] + scores)
    }
  }

  /// The cat of the first image is found with IoU 0.875, right at 8 of 10 thresholds, at precision
  /// 1 and recall 1/2: 51 of 101 recall points. The fox of the first image is found by the second
  /// best detection.
  @Test func groupsByHand() throws {
    let cat = 0.8 * 51 / 101
    let fox = 0.5
    let cells = try row("sample, boxes", after: "id=\"results\"", in: page)
    let ap75 = (51.0 / 101 + fox) / 2
    let expected = [
      (cat + fox) / 2, cat, fox, ap75, 51.0 / 101, fox, ap75,
    ].map { String(format: "%.1f", $0 * 100) }
    #expect(cells == expected)
    #expect(page.contains("COCO box AP, IoU 0.50:0.95, at most 100 detections an image"))
  }

  @Test func namesAreEscapedEverywhere() {
    #expect(!page.contains("<b>\"R"))
    #expect(!page.contains("<&>"))
    #expect(page.contains(Sample.hostile.escapedForHTML))
    #expect(page.contains("vild report &#39;a b&#39;"))
  }

  @Test func needsNothingElse() {
    #expect(!page.contains("http:") && !page.contains("https:"))
    #expect(!page.contains("@import") && !page.contains("url("))
    let sources = page.ranges(of: "src=\"").count
    #expect(sources == page.ranges(of: "src=\"data:image/jpeg;base64,").count && sources == 1)
    #expect(page.contains("The image can no longer be read."))
  }

  @Test func missingPartsLeaveNoSection() throws {
    var run = try Sample.run()
    run.gallery = nil
    run.trainings = [.init(name: "Student", diagrams: [])]
    run.evaluation = try Sample.evaluation(proposals: false)
    let page = ReportPage([run], command: "vild").text
    for id in ["scenes", "training", "proposals"] {
      #expect(self.page.contains("<section id=\"\(id)\">") && self.page.contains("#\(id)\">"))
      #expect(!page.contains("<section id=\"\(id)\">") && !page.contains("href=\"#\(id)\""))
    }
    for id in ["results", "categories", "run"] {
      #expect(page.contains("<section id=\"\(id)\">") && page.contains("href=\"#\(id)\""))
    }
    #expect(page.contains("AP boxes") && !page.contains("AP masks"))
  }

  @Test func severalRunsStandSideBySide() throws {
    let runs = [try Sample.run("one"), try Sample.run("two", method: "vild_text")]
    let page = ReportPage(runs, command: "vild").text
    let first = try row("one, boxes", after: "id=\"results\"", in: page)
    #expect(try row("two, boxes", after: "id=\"results\"", in: page) == first)
    let cells = try row("cat</th>", after: "id=\"categories\"", in: page)
    #expect(cells == ["base", "2", "40.4", "50.5", "40.4", "50.5"])
    for name in ["one: AP", "one: AP50", "two: AP", "two: AP50"] {
      #expect(page.contains("\(name) boxes"))
    }
    #expect(page.contains("<h1>one, two</h1>") && page.contains("<p>two: method vild_text</p>"))
    // One statement for both, and what is equal once.
    #expect(page.contains("id=\"protocol-1\"") && !page.contains("id=\"protocol-2\""))
    #expect(page.ranges(of: "<svg id=\"curve\">").count == 1)
    #expect(page.contains("<h3>Student</h3>"))
    #expect(page.ranges(of: "aria-label=\"Proposal recall\"").count == 1)
  }

  /// LVIS's numbers of the paper stand beside LVIS's protocol only.
  @Test func paper() throws {
    #expect(!page.contains("The paper"))
    let json = String(decoding: try Sample.evaluation().json(), as: UTF8.self)
      .replacing("\"protocol\" : \"coco\"", with: "\"protocol\" : \"lvis\"")
    var run = try Sample.run()
    run.evaluation = try JSONDecoder().decode(EvaluationReport.self, from: Data(json.utf8))
    let page = ReportPage([run], command: "vild").text
    let cells = try row("ViLD, this page", after: "The paper", in: page)
    // AP, AP of base and novel, AP50 of all, base and novel, AP75: the sample says nothing of frequencies.
    #expect(cells == ["22.5", "", "", "", "", "", ""])
    #expect(page.contains("ViLD, this page&#39;s method"))
    #expect(!page.contains("ViLD-text, this page"))
  }
}
