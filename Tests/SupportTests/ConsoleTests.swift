import Foundation
import Support
import Synchronization
import Testing

#if canImport(Glibc)
  import Glibc
#endif

@Suite struct ConsoleTests {
  /// What a console wrote, and a terminal's width that may change.
  private final class Terminal: Sendable {
    private let text = Mutex("")
    private let width: Mutex<Int?>

    init(width: Int? = nil) { self.width = Mutex(width) }

    func resize(to columns: Int) { width.withLock { $0 = columns } }

    func console(_ form: Console.Form = .terminal) -> Console {
      Console(form) {
        self.width.withLock { $0 }
      } send: { more in
        self.text.withLock { $0 += more }
      }
    }

    /// What has come since it was last asked.
    func take() -> String {
      text.withLock { text in
        defer { text = "" }
        return text
      }
    }
  }

  private let clear = "\r\u{1B}[K"

  @Test func aMessageStandsAloneAboveTheProgress() {
    let terminal = Terminal()
    let console = terminal.console()
    console.say("embed", "begins")
    #expect(terminal.take() == "embed: begins\n")
    let progress = StageProgress(stage: "embed", unit: "images", total: 10, on: console)
    progress.advance(by: 3)
    let line = terminal.take()
    #expect(line.hasPrefix("embed: 3/10 images  ") && line.hasSuffix(" left"))
    console.warn("embed", "an odd\u{1B}[2Jfile")
    #expect(terminal.take() == clear + "embed: warning: an odd\\u{1B}[2Jfile\n" + line)
    progress.finish()
    let last = terminal.take()
    #expect(last.hasPrefix(clear + "embed: 3/10 images  ") && last.hasSuffix("  in 0:00\n"))
    console.say("embed", "ends")
    #expect(terminal.take() == "embed: ends\n")
  }

  @Test func anErrorClearsTheProgressAndIsTheLastWord() {
    let terminal = Terminal()
    let console = terminal.console()
    let progress = StageProgress(stage: "distill", unit: "steps", total: 10, on: console)
    progress.advance()
    _ = terminal.take()
    console.end("vild: no\nroom\u{1B}")
    #expect(terminal.take() == clear + "vild: no\nroom\\u{1B}\n")
    console.say("distill", "more")
    progress.finish()
    #expect(terminal.take().isEmpty)
  }

  /// Work that is broken off by an error leaves nothing behind.
  @Test func whatIsDroppedIsTakenAway() {
    let terminal = Terminal()
    let console = terminal.console()
    do {
      let progress = StageProgress(stage: "propose", unit: "images", total: 10, on: console)
      progress.advance()
      #expect(terminal.take().hasPrefix("propose: 1/10 images"))
    }
    #expect(terminal.take() == clear)
  }

  @Test func ofTwoTheLastIsShown() {
    let terminal = Terminal()
    let console = terminal.console()
    let outer = StageProgress(stage: "compare", unit: "students", total: 2, on: console)
    outer.advance()
    let line = terminal.take()
    let inner = StageProgress(stage: "teacher", unit: "names", total: 3, on: console)
    inner.advance(by: 3)
    #expect(terminal.take().hasPrefix(clear + "teacher: 3/3 names"))
    inner.finish()
    let both = terminal.take()
    #expect(both.hasPrefix(clear + "teacher: 3/3 names"))
    #expect(both.hasSuffix("\n" + line))
    withExtendedLifetime(outer) {}
  }

  @Test func progressIsCutToTheTerminal() {
    let terminal = Terminal(width: 12)
    let console = terminal.console()
    let progress = StageProgress(stage: "embed", unit: "images", total: 10, on: console)
    progress.advance()
    // The cursor stands in the last column.
    #expect(terminal.take() == "embed: 1/10")
    terminal.resize(to: 6)
    console.say("embed", "a message is not cut")
    #expect(terminal.take() == clear + "embed: a message is not cut\nembed")
    terminal.resize(to: 1)
    console.say("embed", "b")
    #expect(terminal.take() == clear + "embed: b\n")
    withExtendedLifetime(progress) {}
  }

  @Test func elsewhereEachLineIsJSON() throws {
    let terminal = Terminal(width: 4)
    let console = terminal.console(.jsonLines)
    console.say("embed", "a \"name\"\n\u{1B}[2J")
    let text = terminal.take()
    #expect(
      text == #"{"event":"message","message":"a \"name\"\n\u001B[2J","stage":"embed"}"# + "\n")
    let progress = StageProgress(
      stage: "distill", unit: "steps", total: 4, done: 1, on: console)
    progress.advance(failures: 1, detail: [("loss", .nan), ("rate \"x\"", 0.125)])
    progress.finish()
    let lines = terminal.take().split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines.count == 3 && lines[2].isEmpty)
    for (line, event) in zip(lines, ["progress", "done"]) {
      let found = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
      let object = try #require(found)
      #expect(object["event"] as? String == event && object["stage"] as? String == "distill")
      #expect(object["done"] as? Int == 2 && object["total"] as? Int == 4)
      #expect(object["failures"] as? Int == 1 && object["seconds"] as? Double != nil)
      #expect(object["loss"] is NSNull && object["rate \"x\""] as? Double == 0.125)
      #expect(!line.contains("\u{1B}") && !line.contains("\r"))
    }
    console.end("vild: no room")
    #expect(terminal.take() == "vild: no room\n")
  }

  @Test func onlyLastWordsAreNotSilent() {
    let terminal = Terminal()
    let console = terminal.console(.silent)
    console.say("embed", "x")
    let progress = StageProgress(stage: "embed", unit: "images", total: 1, on: console)
    progress.advance()
    progress.finish()
    #expect(terminal.take().isEmpty)
    console.end("vild: y")
    #expect(terminal.take() == "vild: y\n")
  }

  /// Whatever comes from many threads, a message is a line.
  @Test func threadsDoNotMixLines() async {
    let terminal = Terminal()
    let console = terminal.console()
    let progress = StageProgress(stage: "embed", unit: "images", total: 4000, on: console)
    await withTaskGroup(of: Void.self) { group in
      for task in 0..<8 {
        group.addTask {
          for number in 0..<100 {
            progress.advance()
            console.say("embed", "\(task) \(number)")
          }
        }
      }
    }
    progress.finish()
    let lines = terminal.take().split(separator: "\n").map { line in
      line.components(separatedBy: clear).last ?? ""
    }
    let wanted = (0..<8).flatMap { task in (0..<100).map { "embed: \(task) \($0)" } }
    #expect(Set(wanted).isSubset(of: lines))
    #expect(lines.count == wanted.count + 1)
  }
}

@Suite struct RelayTests {
  private final class Written: Sendable {
    let text = Mutex("")
    func console(_ form: Console.Form) -> Console {
      Console(form) { more in self.text.withLock { $0 += more } }
    }
  }

  private let lines = [
    #"{"event":"message","message":"worker \"x\"","stage":"embed"}"#,
    #"{"event":"progress","stage":"teacher","unit":"names","done":1,"total":9,"rate":1}"#,
    "Fatal error: \u{1B}[2J",
    #"{"event":"done","stage":"teacher","unit":"names","done":9,"total":9,"rate":1}"#,
  ]

  @Test func aTerminalSeesWhatPeopleRead() {
    let written = Written()
    let console = written.console(.terminal)
    let owner = ObjectIdentifier(written)
    for line in lines { console.relay(line, of: owner) }
    let clear = "\r\u{1B}[K"
    #expect(
      written.text.withLock { $0 } == "embed: worker \"x\"\nteacher: 1/9 names" + clear
        + "Fatal error: \\u{1B}[2J\nteacher: 1/9 names" + clear + "teacher: 9/9 names\n")
  }

  @Test func aLogHasTheLinesAsTheyAre() {
    let written = Written()
    let console = written.console(.jsonLines)
    for line in lines { console.relay(line, of: ObjectIdentifier(written)) }
    #expect(written.text.withLock { $0 } == lines.joined(separator: "\n") + "\n")
  }
}
