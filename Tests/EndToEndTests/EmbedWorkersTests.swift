import Foundation
import Support
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#endif

extension Faults {
  /// Several processes embed into one cache: the same cache, whoever dies on the way.
  @Suite struct EmbedWorkersTests {
    private let stopped = "stopped; run the same command again to continue"

    /// Starts two workers and waits until both are there.
    private func start(_ place: Place) throws -> (vild: Vild, workers: [Int32]) {
      try place.copyFinished("propose")
      let vild = try place.start("embed", ["--workers", "2"])
      while vild.isRunning && vild.children.count < 2 { usleep(2000) }
      return (vild, vild.children)
    }

    /// Expects that no lease is left and, after the same command again, the undisturbed cache.
    private func expectContinuation(_ place: Place) throws {
      #expect(try place.units()["leased"] == nil)
      let outcome = try place.run("embed", "--workers", "2")
      #expect(outcome.status == 0 && outcome.complaints.isEmpty)
      try expectWholeCache(place)
    }

    private func expectWholeCache(_ place: Place) throws {
      try place.expectFinishedCache()
      #expect(try place.units() == ["done": World.trainImages / 2])
      let cache = try place.cache()
      #expect(try Vild.run("cache", "verify", cache).output == "\(cache): sound\n")
    }

    @Test(arguments: [1, 2, 3])
    func workers(count: Int) throws {
      try withPlace { place in
        try place.copyFinished("propose")
        let outcome = try place.run("embed", "--workers", "\(count)")
        #expect(outcome.status == 0 && outcome.complaints.isEmpty && outcome.output.isEmpty)
        #expect(outcome.messages.last?.hasPrefix("wrote 8 images, ") == true)
        #expect(outcome.errors.contains("\"event\":\"done\",\"stage\":\"embed\""))
        #expect(outcome.errors.contains("\"done\":8,\"total\":8"))
        try expectWholeCache(place)
        let again = try place.run("embed", "--workers", "\(count)")
        #expect(again.messages.last?.hasPrefix("up to date: ") == true)
      }
    }

    /// Milliseconds after the workers were started.
    @Test(arguments: [0, 200, 400, 700])
    func killedWorker(delay: UInt32) throws {
      try withPlace { place in
        let (vild, workers) = try start(place)
        usleep(1000 * delay)
        kill(try #require(workers.first), SIGKILL)
        let outcome = vild.ended()
        #expect(outcome.status == 0 && outcome.complaints.isEmpty)
        if delay == 0 {
          let messages = outcome.messages.filter { $0.hasSuffix("; another takes over") }
          #expect(
            messages == ["worker \(workers[0]) ended by signal 9, Killed; another takes over"])
        }
        try expectWholeCache(place)
      }
    }

    @Test(arguments: [0, 300, 600])
    func killedParent(delay: UInt32) throws {
      try withPlace { place in
        let (vild, workers) = try start(place)
        usleep(1000 * delay)
        vild.signal(SIGKILL)
        _ = vild.ended()
        // The workers notice, give their leases back and end.
        for worker in workers { while Processes.isRunning(worker) { usleep(2000) } }
        try expectContinuation(place)
      }
    }

    @Test(arguments: [SIGINT, SIGTERM])
    func stoppedParent(signal: Int32) throws {
      try withPlace { place in
        let (vild, workers) = try start(place)
        usleep(300_000)
        vild.signal(signal)
        place.expect(vild.ended(), status: 128 + signal, stopped)
        #expect(workers.allSatisfy { !Processes.isRunning($0) })
        try expectContinuation(place)
      }
    }

    /// As Ctrl-C does on a terminal.
    @Test func everybodyIsInterrupted() throws {
      try withPlace { place in
        let (vild, workers) = try start(place)
        usleep(300_000)
        for process in [vild.identifier] + workers { kill(process, SIGINT) }
        place.expect(vild.ended(), status: 130, stopped)
        try expectContinuation(place)
      }
    }

    /// As an impatient Ctrl-C does: nobody stays behind, and what was begun is begun again.
    @Test(arguments: [0, 200, 500]) func interruptedTwice(delay: UInt32) throws {
      try withPlace { place in
        let (vild, workers) = try start(place)
        usleep(1000 * delay)
        vild.signal(SIGINT)
        // Two signals that wait to be delivered are one.
        usleep(50_000)
        vild.signal(SIGINT)
        #expect(vild.ended().status == 130)
        let deadline = ProcessInfo.processInfo.systemUptime + 10
        while workers.contains(where: Processes.isRunning),
          ProcessInfo.processInfo.systemUptime < deadline
        { usleep(2000) }
        #expect(!workers.contains(where: Processes.isRunning))
        let outcome = try place.run("embed", "--workers", "2")
        #expect(outcome.status == 0 && outcome.complaints.isEmpty)
        try expectWholeCache(place)
      }
    }

    /// The other process writes what it wants of a worker: a byte ends it at once, also while it loads.
    @Test func aWorkerThatIsToldToEndAtOnce() throws {
      try withPlace { place in
        try place.copyFinished("propose")
        let arguments = place.arguments("embed", ["--work-for", "no recipe"])
        let outcome = try Vild(arguments, shell: "printf x | \"$0\" \"$@\"").ended()
        #expect(outcome.status == 128 + SIGKILL && outcome.complaints.isEmpty)
        #expect(!Files.exists("\(place.run)/cache"))
      }
    }

    @Test func workersThatGoOnDying() throws {
      try withPlace { place in
        let (vild, _) = try start(place)
        while vild.isRunning {
          for worker in vild.children { kill(worker, SIGKILL) }
          usleep(20_000)
        }
        place.expect(
          vild.ended(), status: 75,
          "12 workers in a row died without finishing an image (got the last ended by signal 9, "
            + "Killed); with too little memory, try fewer workers; the same command tries on")
        #expect(try place.run("embed", "--workers", "2").status == 0)
        try place.expectFinishedCache()
      }
    }

    /// A worker's error is the parent's, once.
    @Test func inputsThatChange() throws {
      try withPlace { place in
        let (vild, workers) = try start(place)
        try place.replace(
          "images_per_shard: 2", with: "images_per_shard: 2, factors: [1]", in: "pipeline.yaml")
        kill(try #require(workers.first), SIGKILL)
        let outcome = vild.ended()
        #expect(outcome.status == 75 && outcome.complaints.count == 1)
        #expect(
          outcome.complaints.first?.hasPrefix(
            "vild: \(place.run)/cache: the inputs have changed since the workers were started")
            == true)
        // Nothing of another recipe was begun.
        _ = try place.cache()
      }
    }

    /// Another process, started by hand, takes what the first has not begun and waits for the rest.
    @Test func joinedByHand() throws {
      try withPlace { place in
        try place.copyFinished("propose")
        let first = try place.start("embed")
        #expect(first.waits(for: "\"event\":\"progress\""))
        first.signal(SIGSTOP)
        let second = try place.start("embed")
        #expect(second.waits(for: " images, which other processes hold"))
        first.signal(SIGCONT)
        for vild in [first, second] {
          let outcome = vild.ended()
          #expect(outcome.status == 0 && outcome.complaints.isEmpty)
          #expect(outcome.errors.contains("\"done\":8,\"total\":8"))
        }
        try expectWholeCache(place)
      }
    }

    @Test func takesOverFromADeadOne() throws {
      try withPlace { place in
        try place.copyFinished("propose")
        let first = try place.start("embed")
        #expect(first.waits(for: "\"event\":\"progress\""))
        first.signal(SIGSTOP)
        let second = try place.start("embed")
        #expect(second.waits(for: "waiting for the last"))
        first.signal(SIGKILL)
        #expect(second.ended().status == 0)
        try place.expectFinishedCache()
      }
    }

    @Test func waitingCanBeInterrupted() throws {
      try withPlace { place in
        try place.copyFinished("propose")
        let first = try place.start("embed")
        #expect(first.waits(for: "\"event\":\"progress\""))
        first.signal(SIGSTOP)
        let second = try place.start("embed")
        #expect(second.waits(for: "waiting for the last"))
        second.signal(SIGINT)
        place.expect(second.ended(), status: 130, stopped)
        first.signal(SIGCONT)
        #expect(first.ended().status == 0)
        try place.expectFinishedCache()
      }
    }
  }
}

extension Place {
  /// How many units of work are in which state.
  fileprivate func units() throws -> [String: Int] {
    let output = try Vild.run("cache", "stats", cache(), "--json").output
    let objects = try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [[String: Any]]
    return try #require(objects?.first?["units"] as? [String: Int])
  }
}
