import Cache
import Distillation
import Foundation
import Support
import Synchronization
import Testing

/// The same examples in the same order, however many threads make them and wherever a run begins.
@Suite struct PreparedExamplesTests {
  private let configuration: TrainingConfiguration = {
    var choices = TrainingConfiguration()
    (choices.epochs, choices.imagesPerStep, choices.imagesPerForward) = (6, 4, 2)
    return choices
  }()

  private struct Example: Equatable, Sendable {
    let id: Int
    let chance: UInt64?
  }

  /// - Parameter most: takes how many were in the making or waiting at once.
  private func examples(
    threads: Int, from step: Int, most: (Int) -> Void = { _ in }
  ) throws -> [Example] {
    let source = try TrainingSource(ids: Array(20..<30), configuration: configuration)
    var state = TrainingState(seed: configuration.seed, globalBatch: 4, manifest: "")
    state.step = step
    let count = (source.steps(configuration) - step) * 4
    let begun = Mutex(0)
    let examples = try PreparedExamples(
      source, from: state, count: count, configuration, threads: threads
    ) { element, generator -> UInt64? in
      begun.withLock { $0 += 1 }
      // The later ones are sometimes ready first.
      Thread.sleep(forTimeInterval: 0.001 * generator.nextUniform())
      return element.id == 25 ? nil : generator.next()
    }
    defer { examples.end() }
    return try (0..<count).map { taken in
      let (id, chance) = try examples.next()
      most(begun.withLock { $0 } - taken)
      return Example(id: id, chance: chance)
    }
  }

  @Test func theyDoNotDependOnThreads() throws {
    let alone = try examples(threads: 1, from: 0)
    #expect(alone.count == 60 && Set(alone.map(\.id)) == Set(20..<30))
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
    #expect(most <= max(threads, configuration.examplesAhead))
  }
}
