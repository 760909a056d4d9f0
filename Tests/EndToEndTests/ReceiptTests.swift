import Foundation
import Support
import TestSupport
import Testing

extension EndToEnd {
  /// A command that has nothing to do reads nothing to find that out.
  @Suite struct ReceiptTests {
    /// Makes files and folders so old that nobody doubts their times.
    private func settle(_ folder: String, in place: Place) throws {
      for case let name as String in FileManager.default.enumerator(atPath: folder) ?? .init() {
        try place.setTime(of: "\(folder)/\(name)", secondsAgo: 3600)
      }
    }

    /// A place where a command has found everything done, and left its receipt.
    private func withReceipt(
      of command: String, _ body: (Place, _ before: Outcome) throws -> Void
    ) throws {
      try withPlace { place in
        try place.copyFinished("propose", "cache", "distill", "evaluate")
        try settle(place.data, in: place)
        // The cache notes where the copies of the images are, and is young then.
        #expect(try FinishedRun.run(command, in: place).status == 0)
        var before = try FinishedRun.run(command, in: place)
        for _ in 0..<3 where receipt(of: command, place) == nil {
          try settle(place.runs, in: place)
          before = try FinishedRun.run(command, in: place)
        }
        #expect(before.messages.last?.hasPrefix("up to date: ") == true, "\(before.errors)")
        try #require(receipt(of: command, place) != nil)
        try FileManager.default.removeItem(atPath: "\(place.runs)/.text")
        try body(place, before)
      }
    }

    private func receipt(of command: String, _ place: Place) -> String? {
      let folder = "\(place.runs)/.receipts"
      let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
      return names.first { $0.hasPrefix("tiny-\(command)") }.map { "\(folder)/\($0)" }
    }

    /// Whoever asks the teacher for anything makes this.
    private func wasRead(_ place: Place) -> Bool { Files.exists("\(place.runs)/.text") }

    @Test(arguments: ["embed", "distill", "evaluate", "detect"])
    func nothingIsReadAgain(command: String) throws {
      try withReceipt(of: command) { place, before in
        let path = try #require(receipt(of: command, place))
        let known = try Files.read(path)
        let outcome = try FinishedRun.run(command, in: place)
        #expect(outcome.status == 0 && outcome.output == before.output)
        #expect(outcome.messages.last == before.messages.last)
        #expect(!wasRead(place))
        #expect(try Files.read(path) == known)
      }
    }

    /// Each is looked at, and still nothing is to be done.
    @Test(arguments: ["image", "folder", "receipt", "choice", "teacher"])
    func whatLooksOtherwiseIsRead(what: String) throws {
      try withReceipt(of: "embed") { place, before in
        switch what {
        case "image": try place.setTime(of: "\(place.data)/train/3.jpg", secondsAgo: 1800)
        case "folder": try place.write("", to: "data/train/notes.txt")
        case "receipt": try flip("\"key\"", in: #require(receipt(of: "embed", place)))
        case "choice": try place.replace("limit: 10,", with: "limit: 9,", in: "pipeline.yaml")
        default:
          try place.setTime(of: "\(place.data)/teacher/vocab.txt", secondsAgo: 1800)
        }
        let outcome = try place.run("embed")
        #expect(outcome.status == 0 && wasRead(place), "\(outcome.errors)")
        #expect(outcome.messages.last == before.messages.last)
      }
    }

    /// A touched file is read, not what was made of it.
    @Test func touchedAnnotations() throws {
      try withReceipt(of: "evaluate") { place, before in
        try place.setTime(of: "\(place.data)/train.json", secondsAgo: 1800)
        #expect(try place.run("evaluate").output == before.output)
        #expect(!wasRead(place))
      }
    }

    /// What is not as it was is made again.
    @Test func aLostOutputIsMadeAgain() throws {
      try withReceipt(of: "evaluate") { place, before in
        let table = "\(try place.results())/table.txt"
        try FileManager.default.removeItem(atPath: table)
        let outcome = try place.run("evaluate")
        #expect(outcome.status == 0 && outcome.output == before.output, "\(outcome.errors)")
        #expect(Files.exists(table) && wasRead(place))
      }
    }

    @Test func verifyNamesADamagedReceipt() throws {
      try withReceipt(of: "evaluate") { place, _ in
        let path = try #require(receipt(of: "evaluate", place))
        try flip("\"looks\"", in: path)
        let verified = try Vild.run("verify", place.runs)
        #expect(verified.status == 65 && verified.output.contains(path), "\(verified.output)")
      }
    }
  }
}
