import Foundation
import Support
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#endif

extension EndToEnd {
  /// What a person sees at a terminal.
  @Suite struct TerminalTests {
    private static let clear = "\r\u{1B}[K"
    private static let columns = 30

    /// What stays in each line, after making sure that all that was cleared is progress that fits.
    private func lines(of text: String) -> [String] {
      var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
      // After the last line end nothing is left.
      let rest = lines.removeLast().components(separatedBy: Self.clear)
      #expect(rest.last == "", "\(text)")
      return lines.map { line in
        var drawn = line.components(separatedBy: Self.clear)
        let kept = drawn.removeLast()
        for progress in drawn where !progress.isEmpty {
          #expect(progress.count < Self.columns, "\(progress)")
          #expect(progress.contains(#/^[a-z]+: [0-9]+/[0-9]+ /#), "\(progress)")
        }
        #expect(!kept.contains("\r") && !kept.contains("\u{1B}"), "\(kept)")
        return kept
      }
    }

    @Test(arguments: [[], ["--workers", "2"]])
    func messagesAndProgressStandApart(options: [String]) throws {
      try withPlace { place in
        try place.copyFinished("propose")
        let terminal = try Pseudoterminal(columns: UInt16(Self.columns))
        let outcome = try Vild(
          place.arguments("embed", options), errors: .descriptor(terminal.descriptor)
        ).ended()
        #expect(outcome.status == 0)
        let text = terminal.written()
        let lines = lines(of: text)
        // Progress was drawn and taken back, and its end stays.
        #expect(text.contains(Self.clear), "\(text)")
        let ends = lines.filter { $0.contains(#/^embed: [0-9]+/[0-9]+ images  .*  in [0-9:]+/#) }
        #expect(ends.count == 1, "\(text)")
        #expect(lines.contains { $0.hasPrefix("embed: wrote ") }, "\(text)")
        #expect(lines.allSatisfy { $0.contains(#/^[a-z ]+: /#) && !$0.hasPrefix("{") }, "\(text)")
        try place.expectFinishedCache()
      }
    }

    /// The last word stands at the beginning of its line, and no progress after it.
    @Test func stopping() throws {
      try withPlace { place in
        try place.copyFinished("propose", "cache")
        let terminal = try Pseudoterminal(columns: UInt16(Self.columns))
        let program = try Vild(
          place.arguments("distill"), errors: .descriptor(terminal.descriptor))
        while program.isRunning && !terminal.soFar.contains("distill: 1/") { usleep(2000) }
        program.signal(SIGINT)
        let outcome = program.ended()
        #expect(outcome.status == 130)
        #expect(
          lines(of: terminal.written()).last
            == "vild: stopped; run the same command again to continue")
      }
    }

    @Test func anError() throws {
      let terminal = try Pseudoterminal(columns: UInt16(Self.columns))
      let outcome = try Vild(
        ["runs", "--runs", "/nowhere/at/all/\u{1B}[2J"], errors: .descriptor(terminal.descriptor)
      ).ended()
      #expect(outcome.status == 66)
      let lines = lines(of: terminal.written())
      #expect(lines.count == 1 && lines[0].hasPrefix("vild: /nowhere/at/all/\\u{1B}[2J"))
    }
  }
}
