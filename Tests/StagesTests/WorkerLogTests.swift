import Foundation
import Stages
import TestSupport
import Testing

@Suite struct WorkerLogTests {
  private static func steps(_ done: Int, stage: String = "student") -> String {
    #"{"event":"progress","stage":"\#(stage)","unit":"steps","done":\#(done),"total":200,"loss":1.5}"#
  }

  /// What an earlier run wrote does not count, nor other stages, messages, or half a line.
  @Test func theShareOfAStudentsSteps() throws {
    try withTemporaryFolder { folder in
      let path = "\(folder)/vild-1.log"
      var missing = WorkerLog(path: path)
      missing.read()
      #expect(missing.trained == 0)

      var text = Self.steps(150) + "\n"
      func write(_ more: String) throws {
        text += more
        try Data(text.utf8).write(to: URL(filePath: path))
      }
      try write("")
      var log = WorkerLog(path: path)
      log.read()
      #expect(log.trained == 0)

      try write(Self.steps(100, stage: "proposal network") + "\nnot JSON\n" + Self.steps(20) + "\n")
      log.read()
      #expect(log.trained == 0.1)

      let next = Self.steps(50) + "\n"
      try write(String(next.prefix(40)))
      log.read()
      #expect(log.trained == 0.1)
      try write(String(next.dropFirst(40)))
      log.read()
      #expect(log.trained == 0.25)

      try write(#"{"event":"message","stage":"student","message":"wrote it"}"# + "\n")
      log.read()
      #expect(log.trained == 0.25)

      missing.read()
      #expect(missing.trained == 0.25)
    }
  }
}
