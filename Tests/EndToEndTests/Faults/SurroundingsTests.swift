import Foundation
import Support
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#endif

extension Faults {
  /// Disks, limits and streams that are too small or missing, and another process at the same work:
  /// a result or a line, and afterwards the same command completes.
  @Suite struct SurroundingsTests {
    private func check(
      _ outcome: Outcome, _ fault: String, _ stage: FaultStage, allows codes: [Int32] = [0, 75],
      isHeard: Bool = true
    ) {
      let isInOrder =
        !outcome.wasKilled && codes.contains(outcome.status)
        && (!isHeard || outcome.complaints.count == (outcome.status == 0 ? 0 : 1))
      #expect(isInOrder, "\(stage), \(fault): \(outcome)")
    }

    /// Counts what follows the fault, which `outcomes` are the first answer to.
    private func finish(
      _ fault: String, _ stage: FaultStage, in place: Place, _ outcomes: [Outcome]
    ) throws {
      let end = try stage.completes(in: place, after: fault)
      let isRefused = outcomes.contains { $0.status != 0 }
      try FaultTable.add(fault, stage, end == .right && isRefused ? .refused : end)
    }

    /// Room for nothing, or for some of the outputs.
    @Test(.enabled(if: Mount.isPossible), arguments: FaultStage.some(from: 0))
    func fullDisk(stage: FaultStage) throws {
      var generator = Faults.generator("disk", stage)
      try Faults.rounds(share: 0.06 / Double(FaultStage.allCases.count)) {
        try withPlace { place in
          try withMount(at: place.runs, options: "size=200m") {
            try stage.prepare(place)
            let most = stage == .distill || stage == .propose ? 30_000 : 1500
            let free = Int.random(in: 0..<most, using: &generator)
            try leaveFree(free, at: place.runs)
            let outcome = try stage.start(in: place).ended()
            check(outcome, "\(free) kB free", stage)
            try remount(place.runs, "size=200m")
            try finish("full disk", stage, in: place, [outcome])
          }
        }
      }
    }

    @Test(arguments: FaultStage.some(from: 1)) func twoAtOnce(stage: FaultStage) throws {
      var generator = Faults.generator("two", stage)
      try Faults.rounds(share: 0.06 / Double(FaultStage.allCases.count)) {
        try stage.withPlace { place in
          let first = try stage.start(in: place)
          usleep(UInt32.random(in: 0..<300_000, using: &generator))
          let second = try stage.start(in: place)
          let outcomes = [first.ended(), second.ended()]
          for outcome in outcomes { check(outcome, "two at once", stage) }
          #expect(outcomes.contains { $0.status == 0 }, "\(stage): \(outcomes)")
          try finish("two at once", stage, in: place, outcomes)
        }
      }
    }

    /// Of streams and limits one each round, by chance.
    @Test(arguments: FaultStage.some(from: 2)) func streamsAndLimits(stage: FaultStage) throws {
      var generator = Faults.generator("shell", stage)
      try Faults.rounds(share: 0.08 / Double(FaultStage.allCases.count)) {
        let kilobytes = Int.random(in: 300_000..<4_000_000, using: &generator)
        let descriptors = Int.random(in: 8..<200, using: &generator)
        let stack = Int.random(in: 64..<2048, using: &generator)
        let faults =
          [
            ("standard error closed", "", "2>&-", [0]),
            ("standard error full", "", "2>/dev/full", [0]),
            ("standard output full", "", ">/dev/full", [0, 74]),
            ("no streams", "", "<&- >&- 2>&-", [0, 74]),
            ("few addresses", "ulimit -v \(kilobytes);", "", [0, 75]),
            ("few descriptors", "ulimit -n \(descriptors);", "", [0, 75]),
            ("small stack", "ulimit -s \(stack);", "", [0, 75]),
          ] as [(name: String, limit: String, streams: String, codes: [Int32])]
        let fault = faults[Int.random(in: faults.indices, using: &generator)]
        try stage.withPlace { place in
          let shell = "\(fault.limit) exec \"$0\" \"$@\" \(fault.streams)"
          let outcome = try stage.start(in: place, shell: shell).ended()
          check(
            outcome, shell, stage, allows: fault.codes, isHeard: !fault.streams.contains("2>"))
          try finish(fault.name, stage, in: place, [outcome])
        }
      }
    }
  }
}
