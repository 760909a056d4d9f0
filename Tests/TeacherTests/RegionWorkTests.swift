import Images
import Regions
import Support
import Synchronization
import Teacher
import Tensors
import Testing

#if canImport(Glibc)
  import Glibc
#endif

@Suite struct RegionWorkTests {
  private let teacher = MeanColor(cropsPerBatch: 4)
  private var embedder: RegionEmbedder { RegionEmbedder(teacher: teacher) }

  /// Image i is a gradient of 16 x 12 pixels that starts at level i.
  private static func image(_ id: Int) -> Image {
    let levels = (0..<16 * 12 * 3).map { UInt8(truncatingIfNeeded: $0 * (id % 7 + 1) / 5 + id) }
    return Image(width: 16, height: 12, pixels: levels)
  }

  /// Image i has i % 6 regions, so that some have none.
  private static func requests(_ count: Int) -> [Proposals] {
    (0..<count).map { id in
      Proposals(
        imageID: id,
        regions: (0..<id % 6).map { region in
          let box = Box(
            x0: Float(region), y0: Float(region) / 2, x1: Float(region + 3 + id % 3),
            y1: Float(region + 4))
          return Region(box: box, score: Float(region) / 8)
        })
    }
  }

  @Test(arguments: [1, 2, 5])
  func resultsComeInOrderAndDoNotDependOnWorkers(workers: Int) throws {
    let requests = Self.requests(40)
    var next = 0
    try embedder.embed(requests, workers: workers, read: { Self.image($0) }) { result in
      #expect(result.request.imageID == next)
      let embeddings = try result.outcome.get()
      #expect([embeddings.width, embeddings.height] == [16, 12])
      #expect(embeddings.regions.regions == requests[next].regions)
      #expect(embeddings.regions.vectors.count == next % 6 * 3)
      #expect(embeddings.regions == embedder.embed(Self.image(next), requests[next].regions))
      next += 1
    }
    #expect(next == 40)
  }

  @Test func nothingToDo() throws {
    let times = try embedder.embed([], workers: 3, read: { Self.image($0) }) { _ in
      Issue.record("there is no result")
    }
    #expect(times == EmbeddingTimes())
  }

  @Test func imagesThatCannotBeReadAreDelivered() throws {
    @Sendable func read(_ id: Int) throws(ImageError) -> Image {
      if id % 3 == 1 {
        throw ImageError(.corrupt, InputError(.badData, "damaged", at: "image \(id)"))
      }
      return Self.image(id)
    }
    var failures: [String] = []
    var count = 0
    try embedder.embed(Self.requests(10), workers: 2, read: read) { result in
      count += 1
      if case .failure(let error) = result.outcome { failures.append(error.description) }
    }
    #expect(count == 10)
    #expect(failures == ["image 1: damaged", "image 4: damaged", "image 7: damaged"])
  }

  /// The images that are read and not yet delivered.
  @Test(arguments: [1, 3])
  func fewImagesAreOpenAtOnce(workers: Int) throws {
    let open = Mutex((now: 0, most: 0))
    try embedder.embed(
      Self.requests(50), workers: workers,
      read: { id throws(ImageError) in
        open.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) }
        return Self.image(id)
      },
      deliver: { _ in open.withLock { $0.now -= 1 } })
    #expect(open.withLock { $0.now } == 0)
    #expect(open.withLock { $0.most } <= workers + 1)
  }

  /// After the stop, no worker begins another batch: at most one each was under way.
  @Test func aStopTakesEffectWithinABatch() throws {
    let workers = 2
    let asked = Mutex(false)
    let stopped = Mutex(0)
    let requests = (0..<1000).map { Self.requests(6)[5].moved(to: $0) }
    var delivered = 0
    #expect(throws: Stopped(signal: 15)) {
      try embedder.embed(
        requests, workers: workers, read: { Self.image($0) },
        checkStop: { () throws(Stopped) in
          if asked.withLock({ $0 }) {
            stopped.withLock { $0 += 1 }
            throw Stopped(signal: 15)
          }
        },
        deliver: { _ in
          delivered += 1
          if delivered == 3 { asked.withLock { $0 = true } }
        })
    }
    #expect((3...3 + workers + 1).contains(delivered))
    #expect((1...workers).contains(stopped.withLock { $0 }))
  }

  @Test func errorsOfTheCallerEndTheWork() throws {
    struct Full: Error {}
    #expect(throws: Full.self) {
      try embedder.embed(Self.requests(30), workers: 2, read: { Self.image($0) }) { result in
        if result.request.imageID == 4 { throw Full() }
      }
    }
    var asked = 0
    #expect(throws: Full.self) {
      try embedder.embed(
        workers: 2,
        next: {
          asked += 1
          if asked == 7 { throw Full() }
          return Self.requests(asked)[asked - 1]
        }, read: { Self.image($0) }, deliver: { _ in })
    }
  }

  /// A teacher in a parallel map takes no cores times cores threads.
  @Test func insideAParallelCallTheCallingThreadWorks() throws {
    let threads = Mutex(Set<UInt>())
    var delivered = 0
    try Parallel.asOneWorker {
      try embedder.embed(
        Self.requests(20), workers: 4,
        read: { id throws(ImageError) in
          threads.withLock { _ = $0.insert(UInt(pthread_self())) }
          return Self.image(id)
        },
        deliver: { result in
          #expect(result.request.imageID == delivered)
          delivered += 1
        })
    }
    #expect(delivered == 20)
    #expect(threads.withLock { $0 } == [UInt(pthread_self())])
  }

  @Test func timesAreMeasured() throws {
    let times = try embedder.embed(Self.requests(20), read: { Self.image($0) }) { _ in }
    #expect(times.decode > 0 && times.crops > 0 && times.tower > 0)
    #expect((times + times).tower == 2 * times.tower)
    var byHand = EmbeddingTimes()
    (byHand.decode, byHand.crops, byHand.tower) = (1, 3, 46)
    #expect("\(byHand)" == "decode 2%, crop and resize 6%, tower 92%")
    #expect("\(EmbeddingTimes())" == "decode 0%, crop and resize 0%, tower 0%")
  }
}

extension Proposals {
  fileprivate func moved(to id: Int) -> Proposals {
    Proposals(imageID: id, regions: regions)
  }
}
