import Cache
import Datasets
import Images
import Regions
import Support
import Teacher
import Tensors

/// The teacher's embeddings of the offline proposals' regions, as a cache (section 3.3).
public struct EmbedStage {
  /// A complete cache, ready for training.
  struct Output {
    let folder: String
    let recipe: Recipe
  }

  let run: Run
  let report: Report

  private static let name = "embed"

  public init(_ run: Run, report: Report) {
    self.run = run
    self.report = report
  }

  /// Embeds what is not embedded yet.
  public func execute() throws {
    _ = try ensure()
  }

  /// The cache, filled first where it is missing or incomplete.
  func ensure() throws -> Output {
    let images = try AnnotatedImages(run.configuration.data.train, of: run)
    // A teacher that cannot be used is refused before the hours that proposals may take.
    let stage = try TeacherStage(run, report: report)
    let teacher = try stage.load()
    let proposals = try ProposeStage(run, report: report).ensure()
    return try embed(
      images, proposals: proposals.train, with: teacher, of: stage, into: "\(run.folder)/cache")
  }

  /// Embeds the proposals of a file into the cache of their recipe.
  func embed(
    _ images: AnnotatedImages, proposals file: String, with teacher: ConSETeacher,
    of stage: TeacherStage, into folder: String
  ) throws -> Output {
    let reader = try ProposalsReader(path: file)
    let all = try reader.readAll()
    let recipe = stage.recipe(
      teacher,
      proposals: .init(file: try Fingerprint.file(file), labels: reader.header.labelSet))
    let output = Output(folder: folder, recipe: recipe)
    if let progress = try? TrainingReader(folder: folder, recipe: recipe).progress(),
      progress.done == all.count
    {
      let path = CacheFolder(root: folder, recipe: recipe).path
      report.say(Self.name, "up to date: \(Self.summary(progress)) in \(path)")
      return output
    }
    let cache = try TeacherCache.open(
      folder: folder, recipe: recipe, imageIDs: all.map(\.imageID),
      unitSize: run.configuration.regions.imagesPerShard)
    let before = try cache.progress()
    let byImage = Dictionary(uniqueKeysWithValues: all.map { ($0.imageID, $0) })
    try fill(cache, before) { id in
      record(byImage[id]!, of: images, with: stage.embedder(teacher))
    }
    let after = try cache.progress()
    guard after.isComplete else {
      throw InputError(
        .tryAgain, "\(after.total - after.done) images are in other workers' hands",
        at: cache.folder.path, hint: "run the same command again when they have ended")
    }
    report.say(Self.name, "wrote \(Self.summary(after)) to \(cache.folder.path)")
    try cache.close()
    return output
  }

  private func fill(
    _ cache: TeacherCache, _ before: CacheProgress, record: (Int) -> CacheRecord
  ) throws {
    let progress = StageProgress(
      stage: Self.name, unit: "images", total: before.total, done: before.done)
    while let unit = try cache.nextUnit() {
      var records = [CacheRecord]()
      for id in unit.imageIDs {
        if StopSignal.current != nil {
          try cache.release(unit)
          try cache.close()
          try StopSignal.check()
        }
        records.append(record(id))
        progress.advance(failures: records[records.count - 1].status.isFailure ? 1 : 0)
      }
      try cache.publish(unit, records: records)
    }
    progress.finish()
  }

  private func record(
    _ proposals: Proposals, of images: AnnotatedImages, with embedder: RegionEmbedder
  ) -> CacheRecord {
    let image: Image
    do throws(ImageError) {
      image = try images.read(proposals.imageID)
    } catch {
      report.say(Self.name, "no embeddings: \(error.inputError)")
      return CacheRecord(
        imageID: proposals.imageID, failed: error.reason.status, error: "\(error.inputError)")
    }
    let vectors = embedder.embed(image, boxes: proposals.boxes)
    return CacheRecord(
      imageID: proposals.imageID, width: image.width, height: image.height,
      boxes: proposals.boxes, scores: proposals.scores, vectors: vectors.array)
  }

  private static func summary(_ progress: CacheProgress) -> String {
    let failed = progress.failures == 0 ? "" : ", \(progress.failures) of them failed"
    return "\(progress.done) images\(failed), \(progress.regions) regions"
  }
}

extension ImageError.Reason {
  /// How the cache records an image that could not be read.
  var status: ImageStatus {
    switch self {
    case .missing: .missing
    case .tooLarge: .tooLarge
    case .unsupported: .unsupported
    case .corrupt: .decodeError
    }
  }
}
