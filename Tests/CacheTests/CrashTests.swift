import Cache
import Foundation
import Support
import TestSupport
import Testing

/// `kill -9` at any moment loses at most the shards in progress.
@Suite struct CrashTests {
  private func start(_ arguments: [String]) throws -> ChildProcess {
    let program = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
      .deletingLastPathComponent().appending(path: "CacheCrashHelper")
    return try ChildProcess(program.path, arguments)
  }

  private func end(_ arguments: [String]) throws -> Int32 { try start(arguments).wait().status }

  private func place(_ root: String) throws -> CacheFolder {
    try #require(try CacheFolder.all(in: root).first)
  }

  private func contentHash(_ root: String) throws -> String {
    try CacheReader(place(root)).contentHash()
  }

  /// Starts three workers on one cache, kills each at some moment, and so on, again and again.
  private func killWorkers(
    _ arguments: [String], rounds: Int, after delays: Range<UInt32>, seed: UInt64
  ) throws -> Int {
    var generator = SeededGenerator(state: seed)
    var kills = 0
    for _ in 0..<rounds {
      let workers = try (0..<3).map { _ in try start(arguments) }
      for worker in workers {
        usleep(UInt32.random(in: delays, using: &generator))
        if worker.isRunning {
          worker.signal(SIGKILL)
          kills += 1
        }
      }
      workers.forEach { $0.wait() }
    }
    return kills
  }

  @Test(arguments: [17, 2026] as [UInt64])
  func killedHundredsOfTimesAndResumedIsTheSameCache(seed: UInt64) throws {
    try withTemporaryFolder { root in
      let (broken, whole) = ("\(root)/broken", "\(root)/whole")
      let kills = try killWorkers(
        [broken, "1500", "3", "500", "1"], rounds: 45, after: 2_000..<40_000, seed: seed)
      #expect(kills > 100, "seed \(seed)")
      // The same command goes on at once: nobody waits for the leases of the dead.
      #expect(try end([broken, "1500", "3", "0", "1"]) == 0, "seed \(seed)")
      #expect(try end([whole, "1500", "50", "0", "1"]) == 0)
      #expect(try contentHash(broken) == contentHash(whole), "seed \(seed)")
      for folder in [broken, whole] {
        let place = try place(folder)
        #expect(try RegionCache.verify(place, .full).isEmpty, "seed \(seed)")
        let files = try FileManager.default.contentsOfDirectory(atPath: "\(place.path)/shards")
        #expect(files.allSatisfy { $0.hasSuffix(".zst") }, "seed \(seed): \(files)")
      }
    }
  }

  /// Mending is killed at random moments, too: with a damaged shard, a lost one, no catalogue.
  @Test func killedRepairsGoOn() throws {
    try withTemporaryFolder { root in
      let whole = "\(root)/whole"
      #expect(try end([whole, "400", "40", "0", "1"]) == 0)
      let hash = try contentHash(whole)
      var generator = SeededGenerator(state: 5)
      for round in 0..<4 {
        let broken = "\(root)/broken\(round)"
        try FileManager.default.copyItem(atPath: whole, toPath: broken)
        let place = try place(broken)
        var bad = try Files.read(place.shard(3))
        bad[bad.count * 3 / 5] ^= 16
        try bad.write(to: URL(filePath: place.shard(3)))
        unlink(place.shard(5))
        if round % 2 == 0 { unlink(place.catalogue) }
        for _ in 0..<6 {
          let process = try start(["repair", broken])
          usleep(UInt32.random(in: 1_000..<40_000, using: &generator))
          process.signal(SIGKILL)
          process.wait()
        }
        #expect(try RegionCache.repair(place).remaining.isEmpty, "round \(round)")
        #expect(try end([broken, "400", "40", "0", "1"]) == 0, "round \(round)")
        #expect(try contentHash(broken) == hash, "round \(round)")
        #expect(try RegionCache.verify(place, .full).isEmpty, "round \(round)")
      }
    }
  }

  /// POSIX takes all locks on a file from a process that closes any descriptor of it. Without its lock
  /// on the catalogue, the log that this process writes into would be removed by the other one.
  @Test func aSecondLookTakesNoLocks() throws {
    try withTemporaryFolder { root in
      let other = [root, "12", "4", "0", "1"]
      #expect(try end(other) == 0)
      let place = try place(root)
      let cache = try RegionCache.open(place, imageIDs: (0..<12).map { $0 * 7 + 1 }, unitSize: 4)
      _ = try RegionCache.statistics(place)
      _ = try RegionCache.verify(place, .full)
      _ = try CacheReader(place).contentHash()
      #expect(try place.hasCatalogue())
      #expect(try end(other) == 0)
      #expect(Files.exists("\(place.catalogue)-wal"))
      try cache.close()
      #expect(!Files.exists("\(place.catalogue)-wal"))
    }
  }

  /// An image that kills whoever embeds it costs its own row, and a few restarts; the images that
  /// happened to be in other threads' hands are not blamed.
  @Test(arguments: [1, 3]) func anImageThatKillsItsWorkerCostsOneRow(threads: Int) throws {
    try withTemporaryFolder { root in
      let poison = 7 * 33 + 1
      let arguments = ["\(root)/cache", "60", "8", "300", "\(threads)", "\(poison)"]
      var deaths = 0
      while try end(arguments) != 0 && deaths < 12 { deaths += 1 }
      #expect(deaths == 5)
      #expect(try end(["\(root)/whole", "60", "60", "0", "1"]) == 0)
      let places = try [place("\(root)/cache"), place("\(root)/whole")]
      let readers = try places.map { try CacheReader($0) }
      for image in try readers[1].imageIDs() where image != poison {
        #expect(try readers[0].record(of: image) == readers[1].record(of: image))
      }
      let record = try readers[0].record(of: poison)
      #expect(record.status == .crashed)
      #expect(record.error == "whoever embedded it alone died or hung, 2 times in a row")
      #expect(try readers[0].progress().byStatus[.crashed] == 1)
      #expect(try RegionCache.verify(places[0], .full).isEmpty)
      let statistics = try RegionCache.statistics(places[0])
      #expect(statistics.failures.contains { $0.status == .crashed && $0.example == poison })

      // Tried again, alone from the start, it costs two more; and once it kills nobody, it is embedded.
      deaths = 0
      while try end(arguments + ["1"]) != 0 && deaths < 12 { deaths += 1 }
      #expect(deaths == 2)
      #expect(try readers[0].record(of: poison).status == .crashed)
      #expect(try end(arguments.dropLast() + ["-1", "1"]) == 0)
      #expect(try contentHash("\(root)/cache") == contentHash("\(root)/whole"))
      #expect(try RegionCache.verify(places[0], .full).isEmpty)
    }
  }
}
