import Foundation
import Images
import Regions
import Support
import Tensors

/// The images between `next` and `deliver`, and the workers on them.
///
/// All mutable state is under `condition`; decoding, cropping and the tower run outside of it.
final class EmbeddingLine: @unchecked Sendable {
  private let embedder: RegionEmbedder
  private let read: @Sendable (Int) throws(ImageError) -> Image
  private let checkStop: @Sendable () throws(Stopped) -> Void

  private let condition = NSCondition()
  /// Requests in order, asked for and not delivered.
  private var places: [Place] = []
  private var running = 0
  /// No more images come, or none is wanted any more.
  private var isClosed = false
  private var stopped: Stopped?
  private var times = EmbeddingTimes()

  init(
    embedder: RegionEmbedder, read: @escaping @Sendable (Int) throws(ImageError) -> Image,
    checkStop: @escaping @Sendable () throws(Stopped) -> Void
  ) {
    self.embedder = embedder
    self.read = read
    self.checkStop = checkStop
  }

  /// Runs on the caller's thread; `workers` other threads do the work.
  func run(
    workers: Int, next: () throws -> Proposals?, deliver: (RegionResult) throws -> Void
  ) throws -> EmbeddingTimes {
    precondition(workers > 0, "somebody has to work")
    running = workers
    for _ in 0..<workers { Thread.detachNewThread { Parallel.asOneWorker(self.work) } }
    defer { close() }
    var isExhausted = false
    while true {
      if !isExhausted, condition.withLock({ places.count <= workers }) {
        if let request = try next() {
          condition.withLock { places.append(Place(request)) }
          condition.broadcast()
        } else {
          isExhausted = true
        }
      } else if let result = try waitForFirst() {
        try deliver(result)
      } else {
        break
      }
    }
    close()
    return times
  }

  /// The result of the first place, which is then free; nil when there is no place.
  private func waitForFirst() throws(Stopped) -> RegionResult? {
    condition.lock()
    defer { condition.unlock() }
    while let first = places.first {
      if let stopped { throw stopped }
      if let outcome = first.outcome {
        places.removeFirst()
        return RegionResult(request: first.request, outcome: outcome)
      }
      condition.wait()
    }
    return nil
  }

  /// Sends the workers home and waits until they are gone.
  private func close() {
    condition.withLock {
      isClosed = true
      condition.broadcast()
      while running > 0 { condition.wait() }
    }
  }

  // MARK: - Workers

  private enum Job {
    case decode(Place)
    case embed(Place, PlannedRegions, batch: Int)
  }

  /// A worker's life.
  private func work() {
    var times = EmbeddingTimes()
    while let job = take() {
      do throws(Stopped) {
        try checkStop()
      } catch {
        stop(error)
        break
      }
      switch job {
      case .decode(let place): decode(place, &times)
      case .embed(let place, let regions, let batch): embed(place, regions, batch, &times)
      }
    }
    condition.withLock {
      self.times = self.times + times
      running -= 1
      condition.broadcast()
    }
  }

  /// What to do next, once there is something: the earliest batch, or the next image; nil when there
  /// will be nothing more.
  private func take() -> Job? {
    condition.lock()
    defer { condition.unlock() }
    while !isClosed {
      for place in places {
        if let regions = place.regions, let batch = place.takeBatch() {
          return .embed(place, regions, batch: batch)
        }
      }
      if let place = places.first(where: { !$0.isTaken }) {
        place.isTaken = true
        return .decode(place)
      }
      condition.wait()
    }
    return nil
  }

  private func stop(_ reason: Stopped) {
    condition.withLock {
      stopped = reason
      isClosed = true
      condition.broadcast()
    }
  }

  private func decode(_ place: Place, _ times: inout EmbeddingTimes) {
    let request = place.request
    let outcome = measure(&times.decode) { () -> Result<PlannedRegions, ImageError> in
      Result { () throws(ImageError) in try read(request.imageID) }
        .map { embedder.plan(request.regions, of: $0) }
    }
    condition.withLock {
      switch outcome {
      case .success(let regions) where regions.crops.isEmpty:
        place.finish(.success(regions.embeddings(from: [], width: embedder.teacher.width)))
      case .success(let regions): place.begin(regions)
      case .failure(let error): place.finish(.failure(error))
      }
      condition.broadcast()
    }
  }

  private func embed(
    _ place: Place, _ regions: PlannedRegions, _ batch: Int, _ times: inout EmbeddingTimes
  ) {
    let teacher = embedder.teacher
    let pixels = measure(&times.crops) {
      teacher.preprocessing.pixels(of: regions.crops[regions.batches[batch]], in: regions.image)
    }
    let rows = measure(&times.tower) {
      switch embedder.combination {
      case .unitSum: teacher.embed(pixels: pixels)
      case .rawSum: teacher.embedUnnormalized(pixels: pixels)
      }
    }
    // The last one puts the image's regions together.
    guard let parts = condition.withLock({ place.keep(rows, ofBatch: batch) }) else { return }
    let embeddings = regions.embeddings(from: parts, width: teacher.width)
    condition.withLock {
      place.finish(.success(embeddings))
      condition.broadcast()
    }
  }

  private func measure<Result>(_ seconds: inout Double, _ body: () -> Result) -> Result {
    let start = ProcessInfo.processInfo.systemUptime
    defer { seconds += ProcessInfo.processInfo.systemUptime - start }
    return body()
  }
}

/// A request on its way; under the line's lock.
private final class Place {
  let request: Proposals
  /// Whether a worker has begun with it.
  var isTaken = false
  /// Once the image is decoded and until all batches are done.
  private(set) var regions: PlannedRegions?
  private(set) var outcome: Result<RegionResult.Embeddings, ImageError>?
  private var nextBatch = 0
  private var rows: [Tensor?] = []
  private var batchesLeft = 0

  init(_ request: Proposals) { self.request = request }

  func begin(_ regions: PlannedRegions) {
    self.regions = regions
    batchesLeft = regions.batches.count
    rows = Array(repeating: nil, count: batchesLeft)
  }

  func takeBatch() -> Int? {
    guard nextBatch < rows.count else { return nil }
    nextBatch += 1
    return nextBatch - 1
  }

  /// The rows of all batches, in order, when this was the last.
  func keep(_ rows: Tensor, ofBatch batch: Int) -> [Tensor]? {
    self.rows[batch] = rows
    batchesLeft -= 1
    return batchesLeft == 0 ? self.rows.map { $0! } : nil
  }

  func finish(_ outcome: Result<RegionResult.Embeddings, ImageError>) {
    self.outcome = outcome
    regions = nil
    rows = []
  }
}
