import Datasets
import Detection
import Evaluation
import Foundation
import Images
import Regions
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
    let shapes = page.split(separator: "<path transform=").dropFirst()
      .map { $0.prefix { $0 != "/" } }
    // A picture of 100 pixels on a canvas of 512.
    #expect(shapes == [#""scale(5.1200)" d="M2 3h1v4h-1zM3 3h1v14h-1zM4 3h1v4h-1z""#])
  }

  /// In each of the three views no label covers another, and each scene's labels are those of its
  /// objects.
  @Test func labelsDoNotCoverEachOther() throws {
    let names = (0..<12).map { "thing \($0)" }
    let dataset = try COCODataset(
      images: [.init(id: 1, fileName: "1.jpg", width: 640, height: 480)],
      annotations: (0..<12).map {
        .init(
          id: $0, imageID: 1, categoryID: $0 + 1,
          bbox: [Double(40 + 20 * $0), 100, 90, 120 + 3 * Double($0)], area: 400)
      },
      categories: names.enumerated().map { .init(id: $0.offset + 1, name: $0.element) },
      source: "sample")
    let split = try CategorySplit(
      base: Array(names[..<6]), novel: Array(names[6...]), of: names, source: "sample")
    var ranking = SceneRanking(
      dataset, split: split, vocabulary: names, thresholds: DrawThresholds(given: 0.1, chosen: nil))
    ranking.add(
      (0..<8).map { place in
        let x = Float(40 + 20 * place)
        return Detection(
          box: Box(x0: x, y0: 100, x1: x + 90, y1: 225), category: place,
          score: 0.9 - Float(place) / 20)
      }, of: dataset.images[0])
    let gallery = try #require(
      ranking.gallery(most: 6) { _ in Image(width: 640, height: 480) })
    var run = try Sample.run()
    run.gallery = gallery
    let page = ReportPage([run], command: "vild").text
    let pattern = try Regex(
      #"<g class="label ([a-z ]+)"[^>]*><rect x="(\d+)" y="(\d+)" width="(\d+)" height="(\d+)"/>"#)
    let labels = page.matches(of: pattern).map { match in
      let numbers = (2...5).map { Int(match.output[$0].substring!)! }
      return (
        classes: match.output[1].substring!.split(separator: " "),
        place: PixelRect(
          x0: numbers[0], y0: numbers[1], x1: numbers[0] + numbers[2], y1: numbers[1] + numbers[3])
      )
    }
    let views = [
      labels.filter { !$0.classes.contains("found") },
      labels.filter { $0.classes.contains("detection") },
      labels.filter { $0.classes.contains("truth") },
    ]
    #expect(views[1].count >= 6 && views[2].count >= 9, "\(views.map(\.count))")
    for view in views {
      for (index, label) in view.enumerated() {
        #expect(PixelRect(x0: 0, y0: 0, x1: 512, y1: 384).contains(label.place))
        #expect(view[..<index].allSatisfy { $0.place.intersection(label.place) == nil })
      }
    }
    #expect(page.contains(">thing 0 0.90</text>") && page.contains(">thing 6★ 0.60</text>"))
    #expect(page.contains("stroke-dasharray=\"8 5\""))
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
      fox, 51.0 / 101, ap75, (cat + fox) / 2, fox, cat, ap75,
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

  @Test func curvesAreExplained() {
    #expect(page.contains("<svg id=\"curve\"></svg><figcaption>What is &lt; 1.</figcaption>"))
    #expect(page.contains("<p>The same in every step: distilled 16.</p>"))
  }

  @Test func missingPartsLeaveNoSection() throws {
    var run = try Sample.run()
    run.gallery = nil
    run.trainings = [.init(name: "Student", diagrams: [], unchanged: [])]
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
    // AP50 of novel, base and all, AP, AP of novel and base, AP75: the sample says nothing of frequencies.
    #expect(cells == ["", "", "", "22.5", "", "", ""])
    #expect(page.contains("ViLD, this page&#39;s method"))
    #expect(!page.contains("ViLD-text, this page"))
  }
}
