package import Ranks
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
  ///   - steps: how many steps are to be made.
  ///   - perForward: how many go through the network at once.
  ///   - place: of the rank that they are for.
  ///   - threads: that make them; nil takes half of the cores, as the others train meanwhile.
  ///   - prepare: makes an example with a generator of its own; called by any thread, several at a time.
  package init(
    _ source: TrainingSource<Element>, from state: TrainingState, steps: Int, perForward: Int,
    of place: Ranks.Place = Ranks.alone.place, threads: Int? = nil,
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
    let share = state.globalBatch / place.count
    // A finished run reads nothing.
    let element = try steps > 0 ? source.open(state, place) : nil
    var made = 0
    due = {
      if made == steps * share { return nil }
      defer { made += 1 }
      let places = EpochOrder.places(
        step: state.step + made / share, globalBatch: state.globalBatch, rank: place.rank,
        world: place.count)
      let at = places.lowerBound + made % share
      return (at, try element!(at))
    }
  }

  /// The next one; to be called for each of the steps' examples.
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
