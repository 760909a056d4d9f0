import Cache
import Datasets
import Foundation
import Images
package import Pipeline
import Regions
import Support
import Teacher
import Tensors

/// The teacher of a run, and the text embeddings it has given so far.
package struct TeacherStage {
  let run: Run
  let report: Console
  /// What category names are put into.
  let templates: PromptTemplates
  /// The hash of all files of the teacher.
  let fingerprint: String
  private let folder: TeacherFolder
  private let store: TextEmbeddingStore

  init(_ run: Run, report: Console) throws(InputError) {
    self.run = run
    self.report = report
    let choices = run.configuration.teacher
    folder = try TeacherFolder(path: run.path(choices.folder), expecting: choices.family)
    templates = try choices.prompts.templates(for: choices.family, of: run)
    try folder.requireAvailable(choices.precision)
    let folder = folder
    fingerprint = try run.workspace.hash(of: run.path(choices.folder)) { () throws(InputError) in
      var hashes = [String: String]()
      for file in try folder.files() {
        hashes[URL(filePath: file).lastPathComponent] = try Fingerprint.file(file)
      }
      return Fingerprint.json(hashes)
    }
    store = TextEmbeddingStore(folder: run.textFolder)
  }

  /// Loads the teacher. What its text tower says of the classes it knows is kept for the next time.
  func load() throws -> any Teacher {
    try folder.load(
      precision: run.configuration.teacher.precision, fit: run.configuration.regions.fit,
      classText: classText)
  }

  /// Unit text embeddings [C, D] of categories; each text is encoded once and for all. The categories
  /// come back as they were embedded: what depends on the embeddings depends on them.
  ///
  /// - Throws: `InputError` naming a category that is too long for the text tower.
  func embeddings(of categories: [CategoryName]) throws -> TextEmbeddings {
    try store.embeddings(
      of: texts(of: categories), in: templates, teacher: fingerprint, by: try textTower(),
      progress: NameProgress("category names", on: report).report)
  }

  /// Categories with the words that are embedded for them.
  func texts(of categories: [CategoryName]) -> [CategoryName] {
    run.configuration.teacher.prompts.synonyms
      ? categories : categories.map(\.withoutSynonyms)
  }

  /// What the text embeddings of categories depend on.
  ///
  /// - Parameter categories: as `embeddings` returns them.
  func inputs(of categories: [CategoryName]) -> StageInputs {
    var inputs = StageInputs()
    inputs.add("teacher", hash: fingerprint)
    inputs.add("rules", TextEmbeddingStore.version)
    inputs.add("templates", templates)
    inputs.add("categories", categories)
    return inputs
  }

  private func classText(_ names: [String], by tower: SentenceEncoder) throws -> Tensor {
    let categories = names.map { CategoryName($0) }
    let progress = NameProgress("names of known classes", on: report)
    return try store.embeddings(
      of: categories, in: .conse, teacher: fingerprint, by: tower, progress: progress.report
    ).embeddings
  }

  private func textTower() throws -> any TextTower {
    let teacher = try load()
    return teacher.textTower
  }

  /// What the embeddings of regions depend on beside their boxes and images: all that makes another
  /// `recipe`, without loading the teacher.
  var regionInputs: StageInputs {
    Self.regionInputs(
      run.configuration.teacher, run.configuration.regions, fingerprint: fingerprint)
  }

  /// - Parameter fingerprint: of the teacher's files.
  package static func regionInputs(
    _ teacher: TeacherConfiguration, _ regions: RegionConfiguration, fingerprint: String
  ) -> StageInputs {
    var inputs = StageInputs()
    inputs.add("family", teacher.family.rawValue)
    inputs.add("teacher", hash: fingerprint)
    inputs.add("precision", teacher.precision)
    inputs.add("factors", regions.factors)
    inputs.add("border", regions.border)
    inputs.add("rounding", CropRule.rounding)
    inputs.add("fit", regions.fit)
    inputs.add("combination", regions.combination)
    return inputs
  }

  /// What every embedding in a cache depends on.
  func recipe(_ teacher: any Teacher, proposals: TeacherRecipe.ProposalSource) -> TeacherRecipe {
    let regions = run.configuration.regions
    let pixels = teacher.preprocessing
    func unitRange(_ levels: SIMD3<Float>) -> [Double] {
      (0..<3).map { Double(levels[$0]) / 255 }
    }
    return TeacherRecipe(
      teacher: .init(
        family: folder.family.rawValue, weights: fingerprint, dimension: teacher.width),
      preprocessing: .init(
        inputSize: pixels.size, cropFactors: regions.factors, border: regions.border.rawValue,
        rounding: CropRule.rounding, resize: pixels.resizing,
        mean: unitRange(pixels.mean), std: unitRange(pixels.standardDeviation)),
      combination: regions.combination.rawValue,
      numericMode: run.configuration.teacher.precision.rawValue, proposals: proposals,
      imageDecodePolicy: run.configuration.data.orientation.decodePolicy)
  }

  /// Cuts regions out and embeds them as the pipeline file says; says what it assumes of images where
  /// the teacher's folder does not tell.
  func embedder(_ teacher: any Teacher) -> RegionEmbedder {
    if let assumption = folder.assumption {
      report.say("teacher", "\(assumption), \(teacher.preprocessing)")
    }
    let regions = run.configuration.regions
    return RegionEmbedder(
      teacher: teacher, rule: CropRule(factors: regions.factors, border: regions.border),
      combination: regions.combination == .unitSum ? .unitSum : .rawSum)
  }
}

/// Reports the encoding of names, and ends it when the user asks for that.
private final class NameProgress {
  private let what: String
  private let console: Console
  private var progress: StageProgress?
  private var before = 0

  init(_ what: String, on console: Console) { (self.what, self.console) = (what, console) }

  func report(_ done: Int, of total: Int) throws {
    let progress =
      progress ?? StageProgress(stage: "teacher", unit: what, total: total, on: console)
    progress.advance(by: done - before)
    (self.progress, before) = (progress, done)
    if done == total { progress.finish() }
    try StopSignal.check()
  }
}

extension PromptConfiguration {
  /// The sentences that the pipeline file asks for, or the family's own.
  func templates(
    for family: TeacherFolder.Family, of run: Run
  ) throws(InputError) -> PromptTemplates {
    var chosen: PromptTemplates
    if let templates {
      chosen = try PromptTemplates(templates)
    } else if let file {
      chosen = try PromptTemplates(path: run.path(file))
    } else {
      chosen = try PromptTemplates(named: set ?? family.prompts)
    }
    chosen.article = article ?? chosen.article
    chosen.cleanUp = cleanUp ?? chosen.cleanUp
    chosen.thisIs = thisIs ?? chosen.thisIs
    return chosen
  }
}
