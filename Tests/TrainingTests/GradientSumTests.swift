import Tensors
import TestSupport
import Testing
import Training

@Suite struct GradientSumTests {
  /// A parameter that a rank does not come to, one that nobody comes to and so does not move, and one that
  /// is larger than a bucket.
  @Test func gradientsOfSomeRanksAreEverybodys() throws {
    try withTemporaryFolder { folder in
      let many = 1 << 20 + 5
      let results = RankGroup.run(2) { ranks in
        func values(_ count: Int) -> Tensor {
          Tensor([1, count], (0..<count).map { Float($0 % 7) })
        }
        let all = values(many)
        let (large, odd, unread) = (
          Parameter("large", all), Parameter("odd", values(3)), Parameter("unread", values(4))
        )
        var loop = TrainingLoop(
          kind: "toy", parameters: [odd, large, unread],
          optimizer: SGD([odd, large, unread], momentum: 0, decay: 0.5), seed: 1,
          rates: { _ in Schedule(rate: 1, warmup: 0, warmupRate: 1, decay: .cosine(end: 100)) },
          folder: folder, metadata: [:])
        (loop.ranks, loop.examplesPerStep) = (ranks, 2)
        // Place 0 is the first rank's, 1 the second's.
        let source = TrainingSource(places: 2, imageID: { $0 }) { $0 }
        try loop.run(source) { place, _ in
          place
        } losses: { places, _, tape, _ in
          var sum = huberLoss(
            large(on: tape), target: Tensor(zeros: all.shape), delta: 1e9, normaliser: 1)
          if places[0] == 1 {
            sum = add(
              sum,
              huberLoss(odd(on: tape), target: Tensor(zeros: [1, 3]), delta: 1e9, normaliser: 1))
          }
          return (sum, [])
        }
        return [large, odd, unread].map(\.value.array)
      }
      for result in results {
        let found = try result.get()
        // A forward pass is half of the step, and half of a weight decays: w - (w + w / 2), w - (w / 2 + w / 2).
        let large: [Float] = (0..<many).map { -0.5 * Float($0 % 7) }
        #expect(found[0] == large)
        #expect(found[1] == [0, 0, 0])
        #expect(found[2] == [0, 1, 2, 3])
      }
    }
  }
}
