import TestSupport
import Testing

extension EndToEnd {
  /// The page in a browser: Debian's `chromium`, where it is installed.
  @Suite struct ReportBrowserTests {
    @Test(.enabled(if: Browser.isInstalled, "chromium is not installed"), arguments: [390, 1280])
    func page(width: Int) throws {
      let report = try FinishedRun.shared.get().place.output("report")
      let found: Found = try Browser.look(
        at: "\(report)/report.html", width: width, Self.script)
      #expect(
        found.novelRight <= width && found.novelBottom <= 844,
        "AP50 novel is not in the first view: \(found.novelRight), \(found.novelBottom)")
      #expect(found.pictures.count == World.valImages && found.pictures.allSatisfy { $0 == 96 })
      #expect(found.names == World.categories)
      #expect(found.ascending == World.categories.sorted())
      #expect(found.descending == World.categories.sorted().reversed())
      #expect(found.sorted == "descending")
      #expect(found.scores == found.scores.sorted(by: >))
      #expect(found.filtered == ["blue block"])
      #expect(found.novel == ["yellow block"])
      #expect(found.hiddenTruth == "none" && found.shownTruth != "none")
    }

    /// What the script found.
    private struct Found: Decodable {
      /// Where the first run's AP50 of novel categories ends before anything is scrolled.
      var novelRight, novelBottom: Int
      /// Each picture's own width.
      var pictures: [Int]
      /// The categories as they stand, sorted by name twice, and filtered.
      var names, ascending, descending, filtered, novel: [String]
      /// The state of the sorted column.
      var sorted: String
      /// The first scores, sorted.
      var scores: [Double]
      /// How an object is displayed with the detections alone, and with the ground truth.
      var hiddenTruth, shownTruth: String
    }

    /// Tries the report out.
    private static let script = """
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
        novelRight: Math.ceil(place.right), novelBottom: Math.ceil(place.bottom),
        pictures: [...page.images].map(image => image.naturalWidth),
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
      return found;
      """
  }
}
