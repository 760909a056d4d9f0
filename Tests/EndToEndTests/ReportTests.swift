import Foundation
import Support
import TestSupport
import Testing

extension EndToEnd {
  /// The page of the generated world's run.
  @Suite struct ReportTests {
    let place: Place
    let page: String

    init() throws {
      let finished = try FinishedRun.shared.get()
      place = finished.place
      page = String(
        decoding: try Files.read("\(place.output("report"))/report.html"), as: UTF8.self)
    }

    @Test func printsThePath() throws {
      let output = try #require(FinishedRun.shared.get().outcomes["report"]).output
      #expect(output == "\(try place.output("report"))/report.html\n")
    }

    @Test func showsWhatTheRunMade() throws {
      for id in ["results", "proposals", "training", "categories", "scenes", "run"] {
        #expect(page.contains("<section id=\"\(id)\">"), "\(id)")
      }
      #expect(page.contains("<h1>tiny</h1>"))
      #expect(page.contains("COCO box AP, IoU 0.50:0.95, at most 100 detections an image"))
      for name in World.categories { #expect(page.contains("<th scope=\"row\">\(name)</th>")) }
      #expect(page.contains("<tr><th scope=\"row\">training images</th><td>8</td></tr>"))
      #expect(page.contains("aria-label=\"loss\"") && page.contains("aria-label=\"objectness\""))
      #expect(!page.contains("peak_resident"))
      // The pipeline file has every default.
      #expect(page.contains("\n  nms_threshold: 0.9\n"))
      #expect(page.ranges(of: "src=\"data:image/jpeg;base64,").count == World.valImages)
      #expect(page.contains("novel") && !page.contains("nan"))
    }

    /// Each figure of the logs has a sentence; one that never changes has no curve.
    @Test func curvesAreExplained() throws {
      let start = try #require(page.range(of: "<section id=\"training\">")).upperBound
      let end = try #require(page[start...].range(of: "</section>")).lowerBound
      let section = page[start..<end]
      let curves = section.ranges(of: "<svg ").count
      #expect(curves > 8 && section.ranges(of: "<figcaption>").count == curves, "\(curves)")
    }

    /// The numbers of the table that `vild evaluate` prints.
    @Test func numbersAreTheEvaluations() throws {
      let table = try #require(FinishedRun.shared.get().outcomes["evaluate"]).output
      for group in ["base", "novel", "all"] {
        let line = try #require(table.split(separator: "\n").first { $0.hasPrefix("\(group) ") })
        let words = line.split(separator: " ").dropFirst().map {
          $0 == "-" ? "<td>–</td>" : "<td>\($0)</td>"
        }
        #expect(page.contains("<th scope=\"row\">\(group)</th>" + words.joined()))
      }
    }

    @Test func outputIsACopy() throws {
      try withPlace { place in
        try place.copyFinished("propose", "cache", "distill", "evaluate")
        let output = "\(place.folder)/page.html"
        let outcome = try place.run("report", "--output", output)
        #expect(outcome.status == 0 && outcome.output == "\(output)\n")
        #expect(!outcome.errors.contains("\"unit\":\"steps\""), "nothing is trained anew")
        let copy = try Files.read(output)
        #expect(try copy == Files.read("\(place.output("report"))/report.html"))
      }
    }

    @Test func pipelinesStandSideBySide() throws {
      try withPlace { place in
        try place.copyFinished("propose", "cache", "distill", "evaluate")
        let other = "\(place.folder)/other.yaml"
        try place.write(
          World.pipeline.replacing("draw_threshold: 0", with: "draw_threshold: 0.5"),
          to: "other.yaml")
        let outcome = try place.run("report", "--pipeline", other)
        #expect(outcome.status == 0 && outcome.complaints.isEmpty)
        let path = outcome.output.trimmingCharacters(in: .newlines)
        let page = String(decoding: try Files.read(path), as: UTF8.self)
        // Both are called tiny.
        for file in [place.pipeline, other] { #expect(page.contains("<h3>tiny (\(file))</h3>")) }
        let twice = try place.run("report", "--pipeline", place.pipeline)
        place.expect(
          twice, status: 64,
          "HERE/pipeline.yaml: the pipeline is given twice (got the same as HERE/pipeline.yaml)")
      }
    }
  }
}
