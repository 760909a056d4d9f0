import Cache
import Distillation
import Foundation
import Support
import TestSupport
import Testing
import Training

/// The same images at the same steps, whatever is killed and however many read.
@Suite struct TrainingStreamTests {
  private let records = sampleRecords(36)

  private func withReader(_ body: (TrainingReader, CacheFolder) throws -> Void) throws {
    try withTemporaryFolder { root in
      try fill(root, records, unitSize: 7)
      let reader = try TrainingReader(folder: root, recipe: sampleRecipe())
      try body(reader, reader.folder)
    }
  }

  private typealias Seen = TrainingStream.Element

  /// What all workers see together in the steps from that of `state` on; moves `state`.
  private func read(
    _ reader: TrainingReader, _ state: inout TrainingState, steps: Int, world: Int
  ) throws -> [Seen] {
    let streams = try (0..<world).map {
      // Room for hardly more than one record: the thread waits at every element.
      try TrainingStream(reader, from: state, rank: $0, world: world, aheadBytes: 1000 * ($0 + 1))
    }
    var seen: [Seen] = []
    for _ in 0..<steps { for stream in streams { seen += try stream.next() } }
    state = streams[0].state
    #expect(streams.allSatisfy { $0.state == state })
    return seen
  }

  @Test func everyImageOnceAnEpochForEveryNumberOfWorkers() throws {
    try withReader { reader, _ in
      let usable = try reader.usableImageIDs()
      #expect(usable.count == 29)
      let start = TrainingState(seed: 3, globalBatch: 12, manifest: try reader.manifest())
      var state = start
      let stream = try read(reader, &state, steps: 8, world: 1)
      for epoch in 0..<3 {
        let images = stream.filter { $0.epoch == epoch }.map(\.record.imageID)
        #expect(images.sorted() == usable)
      }
      for element in stream {
        #expect(records.contains(element.record))
      }
      for world in [2, 3, 4, 6, 12] {
        var state = start
        #expect(try read(reader, &state, steps: 8, world: world) == stream, "\(world) workers")
      }
    }
  }

  @Test func killedAnywhereAndResumedByAnyNumber() throws {
    try withReader { reader, place in
      var state = TrainingState(seed: 5, globalBatch: 6, manifest: try reader.manifest())
      let whole = try read(reader, &state, steps: 30, world: 1)
      var generator = SeededGenerator(seed: 6)
      for _ in 0..<5 {
        let cut = Int.random(in: 1..<29, using: &generator)
        var state = TrainingState(seed: 5, globalBatch: 6, manifest: try reader.manifest())
        var stream = try read(reader, &state, steps: cut, world: 2)
        // All that survives is the state, as JSON.
        let saved = try JSONEncoder().encode(state)
        var resumed = try JSONDecoder().decode(TrainingState.self, from: saved)
        #expect(resumed.step == cut)
        let root = (place.path as NSString).deletingLastPathComponent
        let again = try TrainingReader(folder: root, recipe: place.recipe)
        let middle = Int.random(in: 0...30 - cut, using: &generator)
        stream += try read(again, &resumed, steps: middle, world: 1)
        stream += try read(again, &resumed, steps: 30 - cut - middle, world: 2)
        #expect(stream == whole)
      }
    }
  }

  @Test func otherShardsAndUnevenSharesAreRefused() throws {
    try withReader { reader, place in
      let state = TrainingState(seed: 5, globalBatch: 6, manifest: try reader.manifest())
      let uneven = #expect(throws: InputError.self) {
        try TrainingStream(reader, from: state, rank: 0, world: 4)
      }
      #expect(uneven?.description.contains("divides 6") == true)
      let root = (place.path as NSString).deletingLastPathComponent
      try fill(root, sampleRecords(40), unitSize: 7)
      let grown = try TrainingReader(folder: root, recipe: place.recipe)
      #expect(throws: InputError.self) { try TrainingStream(grown, from: state) }
      // Nor does a reader that saw the smaller cache go on.
      let changed = #expect(throws: InputError.self) { try reader.usableImageID(at: 3) }
      #expect(changed?.kind == .tryAgain)
    }
  }
}
