package import Cache
package import Support

/// The examples of a run in its order, made ahead by a few threads.
package final class PreparedExamples<Example: Sendable> {
  /// An image and what was made of it; nil where it cannot be used.
  package typealias Prepared = (id: Int, example: Example?)
  /// An image that is due, and how many of the whole run are due before it.
  private typealias Due = (place: Int, element: TrainingSource.Element)

  private let line: WorkLine<Due, Prepared, any Error>
  private let due: () throws -> Due?

  /// - Parameters:
  ///   - state: where the run begins.
  ///   - count: how many examples there are.
  ///   - threads: that make them; nil takes half of the cores, as the others train meanwhile.
  ///   - prepare: makes an example with a generator of its own; called by any thread, several at a time.
  package init(
    _ source: TrainingSource, from state: TrainingState, count: Int,
    _ configuration: TrainingConfiguration, threads: Int? = nil,
    prepare:
      @escaping @Sendable (
        TrainingSource.Element, inout SeededGenerator
      ) throws -> Example?
  ) throws {
    let (seed, size) = (configuration.seed, configuration.imagesPerStep)
    let threads = threads ?? configuration.preparingThreads
    line = WorkLine(
      workers: threads, limit: max(threads, configuration.examplesAhead), check: {},
      work: { place, element in
        var generator = SeededGenerator(seed: seed, stream: UInt64(place) + 1)
        return (element.id, try prepare(element, &generator))
      })
    // A finished run reads nothing.
    let next = try count > 0 ? source.open(state) : nil
    var made = 0
    var step: [TrainingSource.Element] = []
    due = {
      if made == count { return nil }
      if made % size == 0 { step = try next!() }
      defer { made += 1 }
      return (state.step * size + made, step[made % size])
    }
  }

  /// The next one; to be called `count` times at most.
  package func next() throws -> Prepared { try line.next(from: due)! }

  /// Nothing is made any more when this returns.
  package func end() { line.end() }
}

extension TrainingConfiguration {
  fileprivate var preparingThreads: Int { max(1, Parallel.workers / 2) }

  /// How many examples may wait or be in the making at once: two batches, or one a thread that makes
  /// them.
  public var examplesAhead: Int { max(2 * imagesPerForward, preparingThreads) }
}
