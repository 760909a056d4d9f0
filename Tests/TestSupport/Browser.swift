import Foundation
import Support

/// Pages in a browser: Debian's `chromium`, where it is installed.
package enum Browser {
  private static let path = "/usr/bin/chromium"

  /// Whether it is there; says loudly when it is not.
  package static let isInstalled: Bool = {
    if FileManager.default.isExecutableFile(atPath: path) { return true }
    FileHandle.standardError.write(
      Data("SKIPPED: install Debian's package chromium to look at pages in a browser\n".utf8))
    return false
  }()

  /// What is wrong with a page.
  package struct Failure: Error { package let what: String }

  /// What is looked at on every page.
  private struct Look<Found: Decodable>: Decodable {
    var width, scrollWidth: Int
    /// What the page loaded besides itself.
    var requests: [String]
    var found: Found
  }

  /// Shows a page from a file in a frame, as a window cannot be as narrow as a telephone, and tries it
  /// out.
  ///
  /// - Parameters:
  ///   - script: the body of an asynchronous function of `page`, the document, and `view`, its window;
  ///     what it returns becomes JSON.
  /// - Throws: `Failure` also for a page that scrolls sideways, loads anything or complains.
  package static func look<Found: Decodable>(
    at page: String, width: Int, _ script: String
  ) throws -> Found {
    try withTemporaryFolder { folder in
      try FileManager.default.copyItem(atPath: page, toPath: "\(folder)/page.html")
      try Files.write(Data(harness(width: width, script).utf8), to: "\(folder)/harness.html")
      let browser = try ChildProcess(
        path,
        [
          "--headless", "--no-sandbox", "--disable-gpu", "--allow-file-access-from-files",
          "--enable-logging=stderr", "--user-data-dir=\(folder)/profile",
          "--virtual-time-budget=10000", "--dump-dom", "file://\(folder)/harness.html",
        ], output: .file("\(folder)/dom"), errors: .file("\(folder)/log"))
      let deadline = ProcessInfo.processInfo.systemUptime + 120
      while browser.isRunning && ProcessInfo.processInfo.systemUptime < deadline { usleep(10000) }
      if browser.isRunning { browser.signal(SIGKILL) }
      let status = browser.wait().status
      let log = String(decoding: try Files.read("\(folder)/log"), as: UTF8.self)
      guard status == 0 else { throw Failure(what: "chromium ended with \(status): \(log)") }
      let complaints = log.split(separator: "\n").filter { $0.contains("CONSOLE") }
      guard complaints.isEmpty else {
        throw Failure(what: complaints.joined(separator: "\n"))
      }
      let dom = String(decoding: try Files.read("\(folder)/dom"), as: UTF8.self)
      guard let start = dom.range(of: "<pre id=\"found\">")?.upperBound else {
        throw Failure(what: "the harness is gone: \(log)")
      }
      let text = dom[start...].prefix { $0 != "<" }
      let look = try JSONDecoder().decode(Look<Found>.self, from: Data(text.utf8))
      guard look.width == width, look.scrollWidth <= width else {
        throw Failure(what: "\(look.scrollWidth) of \(look.width) pixels: it scrolls sideways")
      }
      guard look.requests.isEmpty else { throw Failure(what: "it loads \(look.requests)") }
      return look.found
    }
  }

  /// What it finds is without the characters that a document shows otherwise.
  private static func harness(width: Int, _ script: String) -> String {
    """
    <!doctype html>
    <meta charset="utf-8">
    <pre id="found"></pre>
    <iframe id="frame" src="page.html" style="border:0;width:\(width)px;height:844px"></iframe>
    <script>
    const look = async (view, page) => {
    \(script)
    };
    document.getElementById("frame").addEventListener("load", async event => {
      const view = event.target.contentWindow, page = view.document;
      const width = view.innerWidth, scrollWidth = page.documentElement.scrollWidth;
      const requests = view.performance.getEntriesByType("resource").map(entry => entry.name);
      const found = await look(view, page);
      document.getElementById("found").textContent =
        JSON.stringify({ width, scrollWidth, requests, found }).replace(/[<>&]/g,
          letter => "\\\\u" + letter.charCodeAt(0).toString(16).padStart(4, "0"));
    });
    </script>
    """
  }
}
