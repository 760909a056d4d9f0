import Cache
import Foundation
import Support
import TestSupport
import Testing

/// `kill -9` at any moment loses at most the shard in progress.
@Suite struct CrashTests {
  private func start(_ folder: String, milliseconds: Int) throws -> Process {
    let process = Process()
    process.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
      .deletingLastPathComponent().appending(path: "CacheCrashHelper")
    process.arguments = [folder, "200", "4", "\(milliseconds)"]
    try process.run()
    return process
  }

  @Test func killedTwentyTimesAndResumedIsTheSameCache() throws {
    try withTemporaryFolder { root in
      let (broken, whole) = ("\(root)/broken", "\(root)/whole")
      var generator = SeededGenerator(state: 17)
      var kills = 0
      for _ in 0..<20 {
        let process = try start(broken, milliseconds: 5)
        usleep(UInt32.random(in: 5_000..<60_000, using: &generator))
        if process.isRunning {
          kill(process.processIdentifier, SIGKILL)
          kills += 1
        }
        process.waitUntilExit()
      }
      #expect(kills > 5)
      // The same command goes on at once: nobody waits for the leases of the dead.
      for folder in [broken, whole] {
        let process = try start(folder, milliseconds: 0)
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
      }
      let places = try [broken, whole].map { try #require(try CacheFolder.all(in: $0).first) }
      let hashes = try zip([broken, whole], places).map {
        try TrainingReader(folder: $0, recipe: $1.recipe).contentHash()
      }
      #expect(hashes[0] == hashes[1])
      for place in places {
        #expect(try TeacherCache.verify(place, .full).isEmpty)
        let files = try FileManager.default.contentsOfDirectory(atPath: "\(place.path)/shards")
        #expect(files.count >= 50 && files.allSatisfy { $0.hasSuffix(".zst") }, "\(files)")
      }
    }
  }
}
