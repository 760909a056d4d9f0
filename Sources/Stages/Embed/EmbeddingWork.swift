import Cache
import Images
import Labelling
import Regions
import Support
import Teacher

/// Embeds the images of a cache's queue, on all cores.
struct EmbeddingWork {
  private let units: LeasedUnits
  private let proposals: RegionsToEmbed
  private let embedder: RegionEmbedder
  private let report: Console
  private let images: AnnotatedImages
  private let files: ReadFiles

  /// - Parameter console: of the progress; where it is silent, somebody else reports.
  init(
    _ task: EmbeddingTask, in cache: RegionCache, with embedder: RegionEmbedder, report: Console,
    progress console: Console
  ) throws(InputError) {
    units = try LeasedUnits(of: cache, stage: EmbedStage.name, report: report, progress: console)
    (proposals, images, files) = (task.proposals, task.images, ReadFiles(task))
    (self.embedder, self.report) = (embedder, report)
  }

  /// Embeds until every image has its row.
  ///
  /// - Throws: as `LeasedUnits.run`.
  func run() throws -> EmbeddingTimes {
    var times = EmbeddingTimes()
    try units.run { times = times + (try line()) }
    images.fit.say(EmbedStage.name, report)
    return times
  }

  private func line() throws -> EmbeddingTimes {
    let (images, files) = (images, files)
    return try embedder.embed(
      next: { try self.units.next().map(self.proposals.read) },
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
        if let error = record.error {
          self.report.say(EmbedStage.name, "no embeddings: \(error)")
        }
        try images.checkFit()
        try self.units.keep(record, file)
      })
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
