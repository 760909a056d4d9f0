import Foundation
import Support
import TestSupport
import Testing

extension EndToEnd {
  /// The page in a browser: Debian's `chromium`, where it is installed.
  @Suite struct ReportBrowserTests {
    static let browser = "/usr/bin/chromium"

    static let hasBrowser: Bool = {
      if FileManager.default.isExecutableFile(atPath: browser) { return true }
      FileHandle.standardError.write(
        Data("SKIPPED: install Debian's package chromium to look at the report in a browser\n".utf8)
      )
      return false
    }()

    @Test(.enabled(if: hasBrowser, "chromium is not installed"), arguments: [390, 1280])
    func page(width: Int) throws {
      let report = try FinishedRun.shared.get().place.output("report")
      try withTemporaryFolder { folder in
        try FileManager.default.copyItem(
          atPath: "\(report)/report.html", toPath: "\(folder)/report.html")
        try Files.write(Data(Self.harness(width: width).utf8), to: "\(folder)/harness.html")
        let browser = try ChildProcess(
          Self.browser,
          [
            "--headless", "--no-sandbox", "--disable-gpu", "--allow-file-access-from-files",
            "--enable-logging=stderr", "--user-data-dir=\(folder)/profile",
            "--virtual-time-budget=10000", "--dump-dom", "file://\(folder)/harness.html",
          ], output: .file("\(folder)/dom"), errors: .file("\(folder)/log"))
        let deadline = ProcessInfo.processInfo.systemUptime + 120
        while browser.isRunning && ProcessInfo.processInfo.systemUptime < deadline { usleep(10000) }
        if browser.isRunning { browser.signal(SIGKILL) }
        #expect(browser.wait().status == 0)

        let dom = String(decoding: try Files.read("\(folder)/dom"), as: UTF8.self)
        let log = String(decoding: try Files.read("\(folder)/log"), as: UTF8.self)
        let start = try #require(dom.range(of: "<pre id=\"found\">"), "\(log)").upperBound
        let text = dom[start...].prefix { $0 != "<" }
        let found = try JSONDecoder().decode(Found.self, from: Data(text.utf8))
        #expect(log.split(separator: "\n").filter { $0.contains("CONSOLE") }.isEmpty)
        #expect(found.width == width)
        #expect(found.scrollWidth <= width, "the page scrolls sideways")
        #expect(
          found.novelRight <= width && found.novelBottom <= 844,
          "AP50 novel is not in the first view: \(found.novelRight), \(found.novelBottom)")
        #expect(found.pictures.count == World.valImages && found.pictures.allSatisfy { $0 == 96 })
        #expect(found.requests.isEmpty)
        #expect(found.names == World.categories)
        #expect(found.ascending == World.categories.sorted())
        #expect(found.descending == World.categories.sorted().reversed())
        #expect(found.sorted == "descending")
        #expect(found.scores == found.scores.sorted(by: >))
        #expect(found.filtered == ["blue block"])
        #expect(found.novel == ["yellow block"])
        #expect(found.hiddenTruth == "none" && found.shownTruth != "none")
      }
    }

    /// What the harness found.
    private struct Found: Decodable {
      var width, scrollWidth: Int
      /// Where the first run's AP50 of novel categories ends before anything is scrolled.
      var novelRight, novelBottom: Int
      /// Each picture's own width.
      var pictures: [Int]
      /// What the page loaded besides itself.
      var requests: [String]
      /// The categories as they stand, sorted by name twice, and filtered.
      var names, ascending, descending, filtered, novel: [String]
      /// The state of the sorted column.
      var sorted: String
      /// The first scores, sorted.
      var scores: [Double]
      /// How an object is displayed with the detections alone, and with the ground truth.
      var hiddenTruth, shownTruth: String
    }

    /// A page that shows the report in a frame and tries it out: a window cannot be as narrow as a
    /// telephone.
    private static func harness(width: Int) -> String {
      """
      <!doctype html>
      <meta charset="utf-8">
      <pre id="found"></pre>
      <iframe id="frame" src="report.html" style="border:0;width:\(width)px;height:844px"></iframe>
      <script>
      document.getElementById("frame").addEventListener("load", event => {
        const view = event.target.contentWindow, page = view.document;
        const table = page.querySelector("table.sortable");
        const rows = () => [...table.tBodies[0].rows].filter(row => !row.hidden);
        const names = () => rows().map(row => row.cells[0].textContent);
        const headers = [...table.tHead.rows[0].cells];
        const click = header => header.querySelector("button").click();
        const form = page.querySelector("form.filter");
        const set = (name, value) => {
          form.elements[name].value = value;
          form.dispatchEvent(new view.Event("input"));
        };
        const results = page.querySelector("#results table");
        const novel = [...results.tHead.rows[0].cells].findIndex(
          cell => cell.textContent === "AP50 novel");
        const place = results.tBodies[0].rows[0].cells[novel].getBoundingClientRect();
        const found = {
          width: view.innerWidth, scrollWidth: page.documentElement.scrollWidth,
          novelRight: Math.ceil(place.right), novelBottom: Math.ceil(place.bottom),
          pictures: [...page.images].map(image => image.naturalWidth),
          requests: view.performance.getEntriesByType("resource").map(entry => entry.name),
          names: names(),
        };
        click(headers[0]); found.ascending = names();
        click(headers[0]); found.descending = names();
        found.sorted = headers[0].getAttribute("aria-sort");
        const score = headers.findIndex(header => header.textContent === "AP boxes");
        click(headers[score]);
        found.scores = rows().map(row => parseFloat(row.cells[score].textContent) || 0);
        set("name", "BLUE"); found.filtered = names(); set("name", "");
        set("group", "novel"); found.novel = names();
        const truth = page.querySelector(".picture .truth");
        page.getElementById("layer-detections").checked = true;
        found.hiddenTruth = view.getComputedStyle(truth).display;
        page.getElementById("layer-truth").checked = true;
        found.shownTruth = view.getComputedStyle(truth).display;
        document.getElementById("found").textContent = JSON.stringify(found);
      });
      </script>
      """
    }
  }
}
