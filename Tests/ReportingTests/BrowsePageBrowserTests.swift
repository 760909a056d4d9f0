import Foundation
import Reporting
import TestSupport
import Testing

/// The page in a browser: Debian's `chromium`, where it is installed.
@Suite struct BrowsePageBrowserTests {
  /// Searching, the slider, kinds, order, more names, and a crop looked at, as a telephone and a desk
  /// show them.
  @Test(.enabled(if: Browser.isInstalled, "chromium is not installed"), arguments: [390, 1280])
  func page(width: Int) throws {
    try withTemporaryFolder { folder in
      let names = BrowseSamples.names + (0..<30).map { "name \($0)" }
      let path = try BrowseSamples.write(40, to: folder, names: names)
      try FileManager.default.removeItem(atPath: "\(folder)/0.jpg")
      let output = "\(folder)/page.html"
      _ = try BrowseSamples.page(path, in: folder, names: names.count).write(to: output)
      let found: Found = try Browser.look(at: output, width: width, Self.script)
      #expect(found.title == "my <photos>: labels" && found.hurt == 0)
      #expect(found.first == 24 && found.more == names.count && !found.canShowMore)
      #expect(found.headings == Set(names))
      #expect(found.searched == ["name 7"] && found.hostile == [BrowseSamples.hostile[0]])
      #expect(found.from.allSatisfy { $0 >= 0.8 } && !found.from.isEmpty)
      #expect(found.words.contains("40 detections"))
      #expect(found.groups == ["Borderline"])
      #expect(found.sorted == found.sorted.sorted())
      #expect(found.pictures == 1 && found.dialog.hasPrefix("score 0."))
      #expect(found.dialog.contains("20 × 20 pixels at ") && found.isOpen && !found.isAfter)
      #expect(found.gone == "cannot read (got No such file or directory)")
      #expect(found.focused == "BUTTON")
    }
  }

  /// What the script found.
  private struct Found: Decodable {
    var title: String
    /// Elements that only a name could have made.
    var hurt: Int
    /// Cards at first, and after "Show more".
    var first, more: Int
    var canShowMore: Bool
    var headings: Set<String>
    /// What is found by name.
    var searched, hostile: [String]
    /// Scores that are shown from 0.8 on, and what is said of them.
    var from: [Double]
    var words: String
    /// Kinds that are shown when one is asked for.
    var groups: Set<String>
    /// Plain names in their order.
    var sorted: [String]
    /// Of the crop that is looked at.
    var pictures: Int
    var dialog: String
    /// Whether it is there once it was asked for, and after "Close".
    var isOpen, isAfter: Bool
    /// In the place of a crop.
    var gone: String
    /// What has the focus after "Show more".
    var focused: String
  }

  private static let script = """
    const form = page.querySelector("form.browse");
    const set = (name, value) => {
      form.elements[name].value = value;
      form.elements[name].dispatchEvent(new view.Event("input", { bubbles: true }));
    };
    const cards = () => [...page.querySelectorAll(".card")];
    const names = () => cards().map(card => card.querySelector("h3").textContent);
    const seen = selector => [...page.querySelectorAll(selector)].filter(
      element => element.getClientRects().length > 0);
    const hurt = page.querySelectorAll("main b:not(figcaption b), img[onerror]").length;
    const found = { title: page.title, hurt };
    found.first = cards().length;
    page.getElementById("more").click();
    found.focused = page.activeElement.tagName;
    found.more = cards().length;
    found.canShowMore = !page.getElementById("more").hidden;
    found.headings = names();
    found.gone = page.querySelector(".crops .gone").textContent;
    set("name", "NAME 7"); found.searched = names();
    set("name", "<\\/SCRIPT><img"); found.hostile = names(); set("name", "");
    set("least", "0.8");
    found.from = seen(".crops button").map(button => parseFloat(button.lastChild.textContent));
    found.words = form.elements.found.textContent;
    set("least", "0");
    set("kind", "2");
    found.groups = seen(".card h4").map(title => title.textContent);
    set("kind", "7");
    set("order", "2"); page.getElementById("more").click();
    found.sorted = names().filter(name => /^name \\d$/.test(name));
    page.querySelector(".crops img").closest("button").click();
    const dialog = page.getElementById("crop");
    found.isOpen = dialog.open;
    found.pictures = dialog.querySelectorAll("img").length;
    found.dialog = page.getElementById("crop-words").textContent;
    dialog.querySelector("button").click();
    await new Promise(done => view.setTimeout(done, 100));
    found.isAfter = dialog.open;
    return found;
    """
}
