import Foundation
import Support
import Synchronization
import Testing
import Training

/// The same examples in the same order, however many threads make them and wherever a run begins.
@Suite struct PreparedExamplesTests {
  /// Six epochs of ten images, four a step.
  private let source = TrainingSource(places: 60, imageID: { $0 }) { place in
    20 + EpochOrder(seed: 1, count: 10).image(at: place).index
  }

  private struct Example: Equatable, Sendable {
    let id: Int?
    let chance: UInt64?
  }

  /// - Parameter most: takes how many were in the making or waiting at once.
  private func examples(
    threads: Int, from step: Int, most: (Int) -> Void = { _ in }
  ) throws -> [Example] {
    var state = TrainingState(seed: 1, globalBatch: 4, manifest: "")
    state.step = step
    let steps = source.steps(of: 4) - step
    let begun = Mutex(0)
    let examples = try PreparedExamples(
      source, from: state, steps: steps, perForward: 2, threads: threads
    ) { id, generator -> UInt64? in
      begun.withLock { $0 += 1 }
      // The later ones are sometimes ready first.
      Thread.sleep(forTimeInterval: 0.001 * generator.nextUniform())
      return id == 25 ? nil : generator.next()
    }
    defer { examples.end() }
    return try (0..<4 * steps).map { taken in
      let (id, chance) = try examples.next()
      most(begun.withLock { $0 } - taken)
      return Example(id: id, chance: chance)
    }
  }

  @Test func theyDoNotDependOnThreads() throws {
    let alone = try examples(threads: 1, from: 0)
    #expect(alone.count == 60 && Set(alone.compactMap(\.id)) == Set(20..<30))
    #expect(Set(alone.compactMap(\.chance)).count == 54)
    for threads in [2, 3, 8] {
      #expect(try examples(threads: threads, from: 0) == alone)
      #expect(try examples(threads: threads, from: 7) == Array(alone.suffix(from: 28)))
    }
    #expect(try examples(threads: 2, from: 15).isEmpty)
  }

  @Test(arguments: [1, 3, 8]) func fewAreMadeAhead(threads: Int) throws {
    var most = 0
    _ = try examples(threads: threads, from: 0) { most = max(most, $0) }
    #expect(most <= max(threads, TrainingLoop.examplesAhead(perForward: 2)))
  }
}
