package import Support

/// The examples of a run in its order, made ahead by a few threads.
package final class PreparedExamples<Element: Sendable, Example: Sendable> {
  /// The id of an element's image, and what was made of the element; nil where it cannot be used.
  package typealias Prepared = (image: Int?, example: Example?)
  private typealias Due = (place: Int, element: Element)

  private let line: WorkLine<Due, Prepared, any Error>
  private let due: () throws -> Due?

  /// - Parameters:
  ///   - state: where the run begins.
  ///   - count: how many examples there are.
  ///   - perForward: how many go through the network at once.
  ///   - threads: that make them; nil takes half of the cores, as the others train meanwhile.
  ///   - prepare: makes an example with a generator of its own; called by any thread, several at a time.
  package init(
    _ source: TrainingSource<Element>, from state: TrainingState, count: Int, perForward: Int,
    threads: Int? = nil,
    prepare: @escaping @Sendable (Element, inout SeededGenerator) throws -> Example?
  ) throws {
    let threads = threads ?? TrainingLoop.preparingThreads
    line = WorkLine(
      workers: threads, limit: max(threads, TrainingLoop.examplesAhead(perForward: perForward)),
      check: {},
      work: { place, element in
        var generator = SeededGenerator(seed: state.seed, stream: UInt64(place) + 1)
        return (source.imageID(element), try prepare(element, &generator))
      })
    let first = state.step * state.globalBatch
    // A finished run reads nothing.
    let element = try count > 0 ? source.open(state) : nil
    var made = 0
    due = {
      if made == count { return nil }
      defer { made += 1 }
      return (first + made, try element!(first + made))
    }
  }

  /// The next one; to be called `count` times at most.
  package func next() throws -> Prepared { try line.next(from: due)! }

  /// Nothing is made any more when this returns.
  package func end() { line.end() }
}

extension TrainingLoop {
  fileprivate static var preparingThreads: Int { max(1, Parallel.workers / 2) }

  /// How many examples may wait or be in the making at once: two batches, or one a thread that makes
  /// them.
  public static func examplesAhead(perForward: Int) -> Int {
    max(2 * perForward, preparingThreads)
  }
}
