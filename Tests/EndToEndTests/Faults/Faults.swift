import Foundation
import Support
import TestSupport
import Testing

/// Whatever happens to the process, its disk or its surroundings, the same command ends in the bytes of
/// a run that nothing disturbed. Serialized, as `EndToEnd` is, and beside it.
///
/// Of faults at random moments, with a seed, some rounds always; `make faults` runs as many as an hour
/// holds and writes a table of them.
@Suite(.serialized) enum Faults {}

extension Faults {
  private static let environment = ProcessInfo.processInfo.environment

  /// Of the random moments: `VILD_FAULTS_SEED`, or 1.
  static let seed = environment["VILD_FAULTS_SEED"].flatMap(UInt64.init) ?? 1

  /// How many bits are flipped, over all files of a run: `VILD_FLIPS`, or 60.
  static let flips = environment["VILD_FLIPS"].flatMap(Int.init) ?? 60

  /// Seconds for the kills, all stages together: `VILD_FAULTS_SECONDS`; nil where a round is enough.
  static let seconds = environment["VILD_FAULTS_SECONDS"].flatMap(Double.init)

  /// A generator of its own for each fault and stage, so that one does not move the other's moments.
  static func generator(_ fault: String, _ stage: FaultStage) -> SeededGenerator {
    SeededGenerator(
      seed: "\(fault) \(stage)".utf8.reduce(seed) {
        SeededGenerator(seed: $0, stream: UInt64($1)).state
      })
  }

  /// Calls `body` once, or for as long as a share of `seconds` lasts.
  ///
  /// - Parameter share: in 0...1.
  static func rounds(share: Double, _ body: () throws -> Void) rethrows {
    let end = ProcessInfo.processInfo.systemUptime + share * (seconds ?? 0)
    repeat { try body() } while ProcessInfo.processInfo.systemUptime < end
  }
}
