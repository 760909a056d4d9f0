import Support
import Testing
import Training

@Suite struct OrderTests {
  @Test func everyPlaceOnceForEveryCount() {
    for count in Array(1...70) + [127, 128, 129, 1000, 4096, 4097] {
      let order = KeyedPermutation(key: 42, count: count)
      #expect(Set((0..<count).map { order[$0] }) == Set(0..<count), "\(count)")
    }
  }

  @Test func everyImageOnceAnEpochForEveryNumberOfWorkers() {
    let count = 92
    let order = EpochOrder(seed: 7, count: count)
    let stream = (0..<count * 5).map { order.image(at: $0) }
    for epoch in 0..<5 {
      let images = stream[epoch * count..<(epoch + 1) * count]
      #expect(images.allSatisfy { $0.epoch == epoch })
      #expect(Set(images.map(\.index)) == Set(0..<count))
    }
    // Batches of 12 places over 1, 2, 3, 4, 6 workers, put together again, are the same stream.
    for workers in [1, 2, 3, 4, 6] {
      let share = 12 / workers
      var together: [Int] = []
      for step in 0..<20 {
        for worker in 0..<workers {
          for k in 0..<share {
            together.append(order.image(at: step * 12 + worker * share + k).index)
          }
        }
      }
      #expect(together == stream.prefix(240).map(\.index))
    }
  }

  @Test func epochsAndSeedsDiffer() {
    let first = EpochOrder(seed: 1, count: 1000)
    let second = EpochOrder(seed: 2, count: 1000)
    let orders = [
      (0..<1000).map { first.image(at: $0).index }, (0..<1000).map { second.image(at: $0).index },
      (1000..<2000).map { first.image(at: $0).index }, Array(0..<1000),
    ]
    for i in 0..<4 {
      for j in 0..<i {
        // Two unrelated orders agree in about one place.
        #expect(zip(orders[i], orders[j]).filter { $0 == $1 }.count < 10)
      }
    }
  }

  /// Every image is equally likely to come first: 4,000 seeds over 8 images, 500 each +- 5 sigma.
  @Test func firstImagesAreSpreadEvenly() {
    var counts = [Int](repeating: 0, count: 8)
    for seed in 0..<4000 {
      counts[EpochOrder(seed: UInt64(seed), count: 8).image(at: 0).index] += 1
    }
    #expect(counts.allSatisfy { abs($0 - 500) < 105 }, "\(counts)")
  }

  /// A run resumed by another release must go on with the same images.
  @Test func theStreamIsForEver() {
    let order = EpochOrder(seed: 2026, count: 92)
    #expect(
      (88..<98).map { order.image(at: $0).index } == [18, 27, 53, 62, 45, 54, 50, 61, 71, 69])
  }
}
