import Datasets
import Detection
import Evaluation
import Foundation
import Images
import Pipeline
import Reporting
import Student
public import Support
import Teacher
import Training

/// Writes a page of the results of one or several pipelines: numbers, curves, scenes.
public struct ReportStage {
  private let rows: [(name: String, chain: Chain)]
  private let title: String?
  private let output: String?
  private let command: String
  private let report: Console

  private static let stage = "report"
  private static let page = "report.html"
  /// Pictures of a page at most, over all pipelines.
  private static let mostScenes = 24

  /// - Parameters:
  ///   - pipelines: paths of pipeline files, at least one.
  ///   - output: where the page goes, besides the run's folder of the first pipeline.
  /// - Throws: `InputError` as `PipelineFile` and `Run`, and for a pipeline given twice.
  public init(
    pipelines: [String], data: String, runs folder: String, output: String?, report: Console
  ) throws(InputError) {
    precondition(!pipelines.isEmpty, "a page is about a pipeline")
    var runs: [Run] = []
    for path in pipelines {
      let configuration = try PipelineFile.load(path: path)
      if let earlier = runs.firstIndex(where: { $0.configuration == configuration }) {
        throw InputError(
          .usage, "the pipeline is given twice", at: path, got: "the same as \(pipelines[earlier])")
      }
      runs.append(try Run(configuration, data: data, runs: folder, source: path))
    }
    let names = runs.map(\.configuration.name)
    rows = zip(pipelines, runs).map { path, run in
      let name = run.configuration.name
      return (
        names.count { $0 == name } > 1 ? "\(name) (\(path))" : name, Chain(run, report: report)
      )
    }
    self.output = output
    self.report = report
    title = nil
    let words =
      ["vild", "report", "--pipeline"] + pipelines + ["--data", data, "--runs", folder]
      + (output.map { ["--output", $0] } ?? [])
    command = words.map(\.shellWord).joined(separator: " ")
  }

  /// - Parameters:
  ///   - rows: each with a name of its own.
  ///   - title: of the page.
  ///   - command: what makes the page again.
  init(
    _ rows: [(name: String, chain: Chain)], title: String, command: String, output: String?,
    report: Console
  ) {
    precondition(!rows.isEmpty, "a page is about a run")
    (self.rows, self.title, self.command) = (rows, title, command)
    (self.output, self.report) = (output, report)
  }

  /// Evaluates what is not evaluated yet, writes the page and prints its path.
  public func execute() throws {
    if let output {
      // What cannot be written is refused before the hours that training may take.
      let folder = PathText.folder(of: output)
      try Files.createFolder(folder.isEmpty ? "." : folder)
    }
    let sources = try rows.map { try ReportSource($0.chain, name: $0.name) }
    var inputs = StageInputs()
    inputs.add("page", ReportPage.version)
    if let title { inputs.add("title", title) }
    inputs.add("command", command)
    for (index, source) in sources.enumerated() { try source.add(to: &inputs, as: "\(index + 1)") }
    let folder = StageFolder(rows[0].chain.run, stage: Self.stage, inputs: inputs)
    let file = folder.file(Self.page)
    if folder.isUpToDate {
      report.say(Self.stage, "up to date: \(file)")
    } else {
      try folder.finishAlone(report) { try write(sources, to: folder) }
    }
    if let output {
      let page = try folder.read(Self.page)
      if (try? Files.read(output)) != page { try Files.write(page, to: output) }
    }
    try StandardOutput.print(output ?? file)
  }

  private func write(_ sources: [ReportSource], to folder: StageFolder) throws {
    try folder.begin(rows[0].chain.run.configuration)
    let most = max(6, Self.mostScenes / sources.count)
    let reported = try sources.map { try $0.reported(scenes: most) }
    let names = sources.flatMap { $0.evaluation.report.boxes.categories.map(\.name) }
    let font = LabelFont.installed(for: names) { report.say(Self.stage, $0) }
    let page = ReportPage(reported, title: title, command: command, font: font)
    try folder.reopen()
    try Files.write(Data(page.text.utf8), to: folder.file(Self.page))
    try folder.finish(outputs: [Self.page])
    report.say(Self.stage, "wrote \(folder.file(Self.page))")
  }
}

/// The finished outputs of a pipeline that a page is made of.
private struct ReportSource {
  private let chain: Chain
  private var run: Run { chain.run }
  let name: String
  let evaluation: EvaluateStage.Output
  /// Training logs that are there: what was trained, and the path.
  let logs: [(name: String, path: String)]

  /// Runs what is missing.
  init(_ chain: Chain, name: String) throws {
    (self.chain, self.name) = (chain, name)
    evaluation = try chain.evaluation()
    var folders: [(String, String)] = []
    // The numbers are there; nothing is trained again for its curves.
    if let network = try chain.network()?.finished {
      folders.append(("Proposal network", network))
    }
    if [.student, .textAndTeacherCrops].contains(chain.run.configuration.detection.classifier) {
      folders.append(("Student", PathText.folder(of: try chain.student().file)))
    }
    logs = folders.map { ($0, "\($1)/log.jsonl") }.filter { Files.exists($0.1) }
  }

  func add(to inputs: inout StageInputs, as name: String) throws(InputError) {
    inputs.add("\(name) name", self.name)
    inputs.add("\(name) pipeline", PipelineFile.resolved(run.configuration))
    inputs.add("\(name) detections", hash: evaluation.folder.inputs.hash)
    try inputs.add("\(name) evaluation", file: evaluation.results.file("report.json"))
    for log in logs { try inputs.add("\(name) log of \(log.name)", file: log.path) }
  }

  func reported(scenes: Int) throws -> ReportedRun {
    let (gallery, failures) = try gallery(most: scenes)
    let train = try chain.train()
    let (val, split) = (evaluation.images, evaluation.images.split)
    let counts = [
      ("training images", train.dataset.images.count),
      ("base categories", split.base.count),
      ("novel categories", split.novel.count),
      ("validation images", val.dataset.images.count),
      ("validation images that could not be read", failures),
      ("annotated objects of the validation images", val.dataset.annotations.count),
      ("detections", evaluation.report.detections),
    ]
    return ReportedRun(
      name: name, method: method, summary: summary, evaluation: evaluation.report,
      trainings: try logs.map { log throws(InputError) in
        let (curves, warnings) = try TrainingLog.read(path: log.path)
        return ReportedRun.Training(
          name: log.name,
          diagrams: curves.diagrams.map {
            .init(svg: $0.svg, explanation: TrainingFigure.explanation(of: $0.name))
          }, unchanged: curves.unchanged, warnings: warnings)
      }, gallery: gallery, counts: counts.map { (what: $0.0, count: $0.1) },
      pipeline: PipelineFile.resolved(run.configuration))
  }

  /// As the pipeline file calls it.
  private var method: String {
    let classifier = run.configuration.detection.classifier
    return classifier == .student
      ? run.configuration.student.method.rawValue : classifier.rawValue
  }

  private var summary: String {
    let teacher = run.configuration.teacher
    let backbone = run.configuration.student.network.detector.backbone.family.rawValue
    let isStudent = run.configuration.detection.classifier == .student
    return (method == name ? "" : "method \(method), ")
      + (isStudent ? "student with \(backbone), " : "")
      + "teacher \(teacher.family.rawValue) from \(teacher.folder)"
  }

  /// Scenes from the detections in the evaluation's folder, and how many images had failed.
  private func gallery(most: Int) throws -> (SceneGallery?, failures: Int) {
    let images = evaluation.images
    let reader = try DetectionFile.Reader(path: evaluation.folder.file("detections.jsonl"))
    var ranking = SceneRanking(
      images.dataset, split: images.split, vocabulary: reader.header.categories,
      thresholds: DrawThresholds(
        given: run.configuration.detection.drawThreshold,
        chosen: evaluation.report.boxes.thresholds))
    var failures = 0
    let progress = StageProgress(
      stage: "report", unit: "images", total: images.dataset.images.count, on: chain.report)
    while let row = try reader.next() {
      try StopSignal.check()
      switch row.outcome {
      case .detected(let detections, _, _):
        if let image = images.dataset.image(row.id) { ranking.add(detections, of: image) }
        progress.advance(failures: 0)
      case .failed:
        failures += 1
        progress.advance(failures: 1)
      }
    }
    progress.finish()
    if ranking.hasMasks { try addMasks(to: &ranking, most: most) }
    return (ranking.gallery(most: most) { try? images.read($0.id) }, failures)
  }

  /// Reads the detections again for the masks of the images that are shown: those of all images may
  /// not fit into memory.
  private func addMasks(to ranking: inout SceneRanking, most: Int) throws {
    let shown = ranking.shown(most: most)
    let reader = try DetectionFile.Reader(path: evaluation.folder.file("detections.jsonl"))
    while let row = try reader.next() {
      try StopSignal.check()
      guard shown.contains(row.id), case .detected(let detections, _, _) = row.outcome,
        let image = evaluation.images.dataset.image(row.id)
      else { continue }
      ranking.keepMasks(of: detections, in: image)
    }
  }
}

extension String {
  /// The text as one word of a shell's command line.
  var shellWord: String {
    let isPlain =
      !isEmpty
      && unicodeScalars.allSatisfy {
        $0.isASCII
          && ($0.properties.isAlphabetic || ("0"..."9").contains($0)
            || "/._-+=:,@%".unicodeScalars.contains($0))
      }
    return isPlain ? self : "'" + replacing("'", with: "'\\''") + "'"
  }
}
