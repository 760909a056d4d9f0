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
    _ images: AnnotatedImages, proposals file: String, with teacher: any Teacher,
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
    let work = EmbeddingWork(
      cache: cache, proposals: byImage, images: images, embedder: stage.embedder(teacher),
      report: report)
    do {
      let times = try work.run(done: before.done, of: before.total)
      report.say(Self.name, "time of the workers: \(times)")
      try cache.close(statistics: times.statistics)
    } catch {
      try? cache.close()
      throw error
    }
    let after = try TrainingReader(folder: folder, recipe: recipe).progress()
    guard after.isComplete else {
      throw InputError(
        .tryAgain, "\(after.total - after.done) images are in other workers' hands",
        at: cache.folder.path, hint: "run the same command again when they have ended")
    }
    report.say(Self.name, "wrote \(Self.summary(after)) to \(cache.folder.path)")
    return output
  }

  private static func summary(_ progress: CacheProgress) -> String {
    let failed = progress.failures == 0 ? "" : ", \(progress.failures) of them failed"
    return "\(progress.done) images\(failed), \(progress.regions) regions"
  }
}
