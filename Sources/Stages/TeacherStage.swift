import Cache
import Foundation
import Images
import Regions
import Support
import Teacher
import Tensors

/// The teacher of a run, and the text embeddings it has given so far.
struct TeacherStage {
  let run: Run
  let report: Report
  /// The hash of all files of the teacher's folder.
  let fingerprint: String
  private let templates: PromptTemplates
  private var folder: String { run.path(run.configuration.teacher.folder) }
  private var textFolder: String { "\(run.folder)/text" }

  init(_ run: Run, report: Report) throws(InputError) {
    self.run = run
    self.report = report
    templates = try PromptTemplates(run.configuration.teacher.templates)
    let folder = run.path(run.configuration.teacher.folder)
    var hashes = [String: String]()
    for name in ConSETeacher.fileNames {
      hashes[name] = try Fingerprint.file("\(folder)/\(name)")
    }
    fingerprint = Fingerprint.json(hashes)
  }

  /// Loads the teacher. What its text tower says of the classes it knows is kept for the next time.
  func load() throws(InputError) -> ConSETeacher {
    let file = "\(textFolder)/classes-\(fingerprint.prefix(12)).safetensors"
    if Files.exists(file) {
      let stored = try SafeTensorsFile(path: file).tensor("classes")
      return try ConSETeacher.load(folder: folder, classText: stored)
    }
    report.say("teacher", "embedding the names of the classes it knows")
    let teacher = try ConSETeacher.load(folder: folder)
    try Files.createFolder(textFolder)
    try SafeTensorsFile.write([("classes", teacher.classText)], to: file)
    return teacher
  }

  /// Unit text embeddings [C, D] of category names, computed once for each list of names.
  ///
  /// - Throws: `InputError` naming a category that is too long for the text tower.
  func embeddings(of names: [String]) throws(InputError) -> Tensor {
    let key = Fingerprint.json([[fingerprint], templates.templates, names])
    let file = "\(textFolder)/names-\(key.prefix(12)).safetensors"
    if Files.exists(file) {
      let stored = try SafeTensorsFile(path: file)
      guard stored.metadata["key"] == key else {
        throw InputError(.badData, "not these names' embeddings", at: file, hint: "remove the file")
      }
      return try stored.tensor("names")
    }
    report.say("teacher", "embedding \(names.count) category names")
    let embeddings = try load().embed(names: names, with: templates)
    try Files.createFolder(textFolder)
    try SafeTensorsFile.write([("names", embeddings)], metadata: ["key": key], to: file)
    return embeddings
  }

  /// What every embedding in a cache depends on.
  func recipe(_ teacher: ConSETeacher, proposals: Recipe.ProposalSource) -> Recipe {
    let regions = run.configuration.regions
    let pixels = teacher.preprocessing
    func unitRange(_ levels: SIMD3<Float>) -> [Double] {
      (0..<3).map { Double(levels[$0]) / 255 }
    }
    return Recipe(
      teacher: .init(
        family: run.configuration.teacher.family.rawValue, weights: fingerprint,
        dimension: teacher.width),
      preprocessing: .init(
        inputSize: pixels.size, cropFactors: regions.factors, border: regions.border.rawValue,
        rounding: "half-to-even", resize: "\(pixels.filter.rawValue) \(pixels.fit.rawValue)",
        mean: unitRange(pixels.mean), std: unitRange(pixels.standardDeviation)),
      combination: regions.combination.rawValue, numericMode: "float32", proposals: proposals,
      imageDecodePolicy: 1)
  }

  /// Cuts regions out and embeds them as the pipeline file says.
  func embedder(_ teacher: ConSETeacher) -> RegionEmbedder {
    let regions = run.configuration.regions
    return RegionEmbedder(
      teacher: teacher, rule: CropRule(factors: regions.factors, border: regions.border),
      combination: regions.combination == .unitSum ? .unitSum : .rawSum)
  }
}
