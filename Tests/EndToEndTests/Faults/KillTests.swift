import Foundation
import Support
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#endif

extension Faults {
  /// Killed or asked to stop at random moments, and started again until it is finished.
  @Suite struct KillTests {
    @Test(arguments: FaultStage.allCases) func endedAndContinued(stage: FaultStage) throws {
      var generator = Faults.generator("kill", stage)
      var number = 0
      try Faults.rounds(share: 0.8 / Double(FaultStage.allCases.count)) {
        number += try round(stage, first: 0.5, using: &generator)
      }
      // A fast machine may have been done each time.
      for first in [0.25, 0.1, 0.03] where number == 0 {
        number += try round(stage, first: first, using: &generator)
      }
      #expect(number > 0, "\(stage) was always finished before")
    }

    /// - Parameter first: the share of the stage's time in which the first kill comes.
    /// - Returns: how often it was ended.
    private func round(
      _ stage: FaultStage, first: Double, using generator: inout SeededGenerator
    ) throws -> Int {
      var signals: [Int32] = []
      try stage.withPlace { place in
        // The first is a kill and comes early.
        for attempt in 0..<(Faults.seconds == nil ? 2 : 12) {
          let vild = try stage.start(in: place)
          sleep(stage, attempt == 0 ? first : 1, using: &generator)
          if stage.hasWorkers && attempt % 2 == 1,
            let worker = vild.children.randomElement(using: &generator)
          {
            kill(worker, SIGKILL)
            signals.append(SIGKILL)
            sleep(stage, 0.5, using: &generator)
          }
          let signal = attempt == 0 || Bool.random(using: &generator) ? SIGKILL : SIGTERM
          guard vild.isRunning else { break }
          vild.signal(signal)
          let outcome = vild.ended()
          signals.append(signal)
          // One that was asked says so, or had just finished, or had not begun.
          let isInOrder =
            signal == SIGKILL || outcome.status == 143 && outcome.complaints.count == 1
            || outcome.status == 0 || outcome.wasKilled && outcome.errors.isEmpty
          #expect(isInOrder, "\(stage): \(outcome)")
        }
        let end = try stage.completes(in: place, after: "signals \(signals)")
        #expect(end == .right || stage.fillsCache, "\(stage)")
        for (signal, name) in [(SIGKILL, "kill -9"), (SIGTERM, "kill -TERM")] {
          let number = signals.count { $0 == signal }
          if number > 0 { try FaultTable.add(name, stage, end, number: number) }
        }
      }
      return signals.count
    }

    /// Sleeps up to a share of the stage's time.
    private func sleep(
      _ stage: FaultStage, _ share: Double, using generator: inout SeededGenerator
    ) {
      let most = UInt32(share * Double(stage.milliseconds) * 1000)
      usleep(UInt32.random(in: 0..<most, using: &generator))
    }
  }
}
