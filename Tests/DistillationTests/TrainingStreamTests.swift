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

  private func withImages(_ body: (UsableImages, CacheFolder) throws -> Void) throws {
    try withTemporaryFolder { root in
      try fill(root, records, unitSize: 7)
      let reader = try CacheReader(folder: root, recipe: sampleRecipe())
      try body(UsableImages(of: reader), reader.folder)
    }
  }

  private typealias Seen = TrainingStream.Element

  /// What all workers see together in the steps from that of `state` on; moves `state`.
  private func read(
    _ images: UsableImages, _ state: inout TrainingState, steps: Int, world: Int
  ) throws -> [Seen] {
    let streams = try (0..<world).map {
      // Room for hardly more than one record: the thread waits at every element.
      try TrainingStream(images, from: state, rank: $0, world: world, aheadBytes: 1000 * ($0 + 1))
    }
    var seen: [Seen] = []
    for _ in 0..<steps { for stream in streams { seen += try stream.next() } }
    state = streams[0].state
    #expect(streams.allSatisfy { $0.state == state })
    return seen
  }

  @Test func everyImageOnceAnEpochForEveryNumberOfWorkers() throws {
    try withImages { images, _ in
      let usable = try images.reader.usableImageIDs()
      #expect(usable.count == 29)
      let start = TrainingState(seed: 3, globalBatch: 12, manifest: images.manifest)
      var state = start
      let stream = try read(images, &state, steps: 8, world: 1)
      for epoch in 0..<3 {
        let seen = stream.filter { $0.epoch == epoch }.map(\.record.imageID)
        #expect(seen.sorted() == usable)
      }
      for element in stream {
        #expect(records.contains(element.record))
      }
      for world in [2, 3, 4, 6, 12] {
        var state = start
        #expect(try read(images, &state, steps: 8, world: world) == stream, "\(world) workers")
      }
    }
  }

  @Test func killedAnywhereAndResumedByAnyNumber() throws {
    try withImages { images, place in
      var state = TrainingState(seed: 5, globalBatch: 6, manifest: images.manifest)
      let whole = try read(images, &state, steps: 30, world: 1)
      var generator = SeededGenerator(seed: 6)
      for _ in 0..<5 {
        let cut = Int.random(in: 1..<29, using: &generator)
        var state = TrainingState(seed: 5, globalBatch: 6, manifest: images.manifest)
        var stream = try read(images, &state, steps: cut, world: 2)
        // All that survives is the state, as JSON.
        let saved = try JSONEncoder().encode(state)
        var resumed = try JSONDecoder().decode(TrainingState.self, from: saved)
        #expect(resumed.step == cut)
        let again = try UsableImages(of: CacheReader(place))
        let middle = Int.random(in: 0...30 - cut, using: &generator)
        stream += try read(again, &resumed, steps: middle, world: 1)
        stream += try read(again, &resumed, steps: 30 - cut - middle, world: 2)
        #expect(stream == whole)
      }
    }
  }

  @Test func otherShardsAndUnevenSharesAreRefused() throws {
    try withImages { images, place in
      let state = TrainingState(seed: 5, globalBatch: 6, manifest: images.manifest)
      let uneven = #expect(throws: InputError.self) {
        try TrainingStream(images, from: state, rank: 0, world: 4)
      }
      #expect(uneven?.description.contains("divides 6") == true)
      let root = (place.path as NSString).deletingLastPathComponent
      try fill(root, sampleRecords(40), unitSize: 7)
      let grown = try UsableImages(of: CacheReader(place))
      #expect(throws: InputError.self) { try TrainingStream(grown, from: state) }
      // Nor does one go on that counted the smaller cache.
      let changed = #expect(throws: InputError.self) { try images.id(at: 3) }
      #expect(changed?.kind == .tryAgain)
    }
  }
}
