import Cache
import Foundation
import Images
import Regions
import Support
import Teacher

#if canImport(Glibc)
  import Glibc
#endif

/// Works off a cache's queue: units are leased one after another, their images embedded on all
/// cores without a pause between units, and each unit published as its last image comes back.
final class EmbeddingWork {
  private let cache: TeacherCache
  private let proposals: RegionsToEmbed
  private let embedder: RegionEmbedder
  private let report: Console
  /// Leased units in their order. Only the last still has images to be handed out.
  private var units: [(unit: WorkUnit, records: [CacheRecord], files: [Int: SeenFile])] = []
  private let images: AnnotatedImages
  private let files: ReadFiles
  /// Images of the last unit that have been handed out.
  private var handedOut = 0
  /// The unit in work cost an earlier holder its life: nothing else is in flight, so that what
  /// happens now is its doing.
  private var isAlone = false

  /// Images with a row before this process published any, and those it published.
  private let before: CacheProgress
  private var published = 0
  /// Images that others published meanwhile, as far as they were counted.
  private var others = 0
  private let progress: StageProgress
  /// Whether the user is told of waiting.
  private let isQuiet: Bool

  private static let stage = "embed"

  /// - Parameter console: of the progress; where it is silent, somebody else reports.
  init(
    _ task: EmbeddingTask, in cache: TeacherCache, with embedder: RegionEmbedder, report: Console,
    progress console: Console
  ) throws(InputError) {
    self.cache = cache
    proposals = task.proposals
    images = task.images
    files = ReadFiles(task)
    self.embedder = embedder
    self.report = report
    isQuiet = console.form == .silent
    before = try cache.progress()
    progress = StageProgress(
      stage: Self.stage, unit: "images", total: before.total, done: before.done, on: console)
  }

  /// Embeds until every image has its row. Units that other processes hold are waited for, and
  /// taken over where those die or let the lease run out.
  ///
  /// - Throws: `Stopped` after a signal, and what the cache throws; leased units are given back.
  func run() throws -> EmbeddingTimes {
    var times = EmbeddingTimes()
    do {
      while try lease() || waitForUnit() {
        times = times + (try line())
        try countOthers()
      }
    } catch {
      for (unit, _, _) in units { try? cache.release(unit) }
      throw error
    }
    progress.finish()
    images.fit.say(Self.stage, report)
    return times
  }

  /// Waits for a unit of another process; false once nothing is left.
  private func waitForUnit() throws -> Bool {
    var hasSaid = isQuiet
    while true {
      let left = try countOthers()
      if left == 0 { return false }
      if !hasSaid {
        report.say(
          Self.stage,
          "waiting for the last \(left.counted("image")), which other processes hold")
        hasSaid = true
      }
      for _ in 0..<10 {
        try StopSignal.check()
        usleep(50_000)
      }
      if try lease() { return true }
    }
  }

  /// Adds what other processes published to the progress; returns how many images are left.
  @discardableResult
  private func countOthers() throws -> Int {
    let now = try cache.progress()
    let new = now.done - before.done - published - others
    others += new
    if new > 0 { progress.advance(by: new) }
    return now.total - now.done
  }

  private func line() throws -> EmbeddingTimes {
    let (images, files) = (images, files)
    return try embedder.embed(
      next: { try self.next() },
      read: { id throws(ImageError) in try files.image(id) },
      deliver: { result in
        let image = result.request.imageID
        if case .success(let found) = result.outcome, !found.regions.isFinite {
          throw InputError.notFinite("the teacher's embeddings of the image's regions")
            .at(images.path(of: image))
        }
        let (content, file) = files.take(image)
        var record = CacheRecord(result)
        record.content = content
        if let error = record.error { self.report.say(Self.stage, "no embeddings: \(error)") }
        try images.checkFit()
        self.progress.advance(failures: record.status.isFailure ? 1 : 0)
        try self.keep(record, file)
      })
  }

  /// The next image; nil when there is none, or when what comes next is to be alone.
  private func next() throws -> Proposals? {
    while true {
      if let unit = units.last?.unit, handedOut < unit.imageIDs.count {
        try cache.begin(unit)
        handedOut += 1
        return try proposals.read(unit.imageIDs[handedOut - 1])
      }
      guard !isAlone, try lease() else { return nil }
    }
  }

  /// Leases a unit; false when there is none, or it has to wait until nothing is in flight.
  private func lease() throws -> Bool {
    guard let unit = try cache.nextUnit() else { return false }
    isAlone = unit.attempt > 1
    if isAlone && !units.isEmpty {
      try cache.release(unit)
      return false
    }
    units.append((unit, [], [:]))
    handedOut = 0
    return true
  }

  private func keep(_ record: CacheRecord, _ file: SeenFile?) throws {
    units[0].records.append(record)
    units[0].files[record.imageID] = file
    let (unit, records, files) = units[0]
    do {
      if records.count == unit.imageIDs.count {
        units.removeFirst()
        try cache.publish(unit, records: records, files: files)
        published += records.count
      } else {
        try cache.keep(unit)
      }
    } catch {
      guard cache.isLoss(error, of: unit) else { throw error }
      report.say(Self.stage, "\(error)")
    }
  }
}

extension CacheRecord {
  fileprivate init(_ result: RegionResult) {
    switch result.outcome {
    case .success(let found):
      self.init(
        imageID: result.request.imageID, width: found.width, height: found.height,
        regions: found.regions)
    case .failure(let error):
      self.init(
        imageID: result.request.imageID, failed: error.reason.status,
        error: "\(error.inputError)")
    }
  }
}

extension EmbeddingTimes {
  /// For the catalogue's history.
  var statistics: [String: Double] {
    ["decode_seconds": decode, "crop_seconds": crops, "tower_seconds": tower]
  }
}

extension ImageError.Reason {
  /// How the cache records an image that could not be read.
  var status: ImageStatus {
    switch self {
    case .missing: .missing
    case .tooLarge: .tooLarge
    case .unsupported: .unsupported
    case .corrupt, .otherSize: .decodeError
    }
  }
}
