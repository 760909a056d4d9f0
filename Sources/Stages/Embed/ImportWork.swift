import Cache
import CacheImport
import Images
import Labelling
import Regions
import Support

/// Publishes records of vectors that were computed elsewhere, as `EmbeddingWork` does those of its teacher.
struct ImportWork {
  private let units: LeasedUnits
  private let records: ImportedRecords
  private let report: Console

  static let stage = "import"

  /// - Parameter own: the units of images that there are vectors of, and how many images these are.
  init(
    _ task: EmbeddingTask, of vectors: VectorFiles, in cache: RegionCache,
    only own: (units: Set<Int>, images: Int), report: Console
  ) throws(InputError) {
    units = try LeasedUnits(
      of: cache, only: own, stage: Self.stage, report: report, progress: report)
    records = ImportedRecords(task: task, vectors: vectors, files: ReadFiles(task))
    self.report = report
  }

  /// Publishes all units that nobody else holds.
  ///
  /// - Returns: what was published: images that can be used, their regions, and images that failed.
  /// - Throws: as `LeasedUnits.run`; `InputError` (`tryAgain`) where an image has changed meanwhile.
  func run() throws -> (images: Int, regions: Int, failed: Int) {
    let (task, records) = (records.task, records)
    var done = (images: 0, regions: 0, failed: 0)
    try units.run {
      let line = WorkLine<Proposals, ImportedRecords.Found, any Error> { try records.find($0) }
      try line.run(next: { try units.next().map(task.proposals.read) }) { found in
        if let error = found.record.error {
          report.say(Self.stage, "no embeddings: \(error)")
          done.failed += 1
        } else {
          done.images += 1
          done.regions += found.record.regions.count
        }
        try task.images.checkFit()
        try units.keep(found.record, found.file)
      }
    }
    task.images.fit.say(Self.stage, report)
    return done
  }
}

/// The records of images whose vectors are at hand. The images are read and decoded as for embedding: one that
/// cannot be is a failure, whoever embeds it.
private struct ImportedRecords: Sendable {
  /// A record, and what the image's file looked like.
  struct Found: Sendable {
    var record: CacheRecord
    var file: SeenFile?
  }

  let task: EmbeddingTask
  let vectors: VectorFiles
  let files: ReadFiles

  func find(_ proposals: Proposals) throws -> Found {
    let id = proposals.imageID
    let outcome = Result { () throws(ImageError) in try files.image(id) }
    let (content, file) = files.take(id)
    var record: CacheRecord
    switch outcome {
    case .failure(let error):
      record = CacheRecord(imageID: id, failed: error.reason.status, error: "\(error.inputError)")
    case .success(let image):
      guard content == vectors.content(of: id) else {
        throw InputError(
          .tryAgain, "the file of image \(id) has changed since it was looked at",
          at: task.path(of: id), hint: "run the same command again")
      }
      record = CacheRecord(
        imageID: id, width: image.width, height: image.height,
        regions: EmbeddedRegions(proposals.regions, vectors: try vectors.vectors(of: id)))
    }
    record.content = content
    return Found(record: record, file: file)
  }
}
