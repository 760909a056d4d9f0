import Cache
import Corpora
import Datasets
import Detection
import Evaluation
import Foundation
import Images
import Labelling
import Pipeline
import Reporting
import Student
import Support
import Teacher
import Tensors

/// Labels every image of a corpus with any category names.
///
/// A detector looks at an image once: what it says of its regions goes to a store (`StoreStage`), and
/// the detections of each list of names are chosen among the stored regions.
public struct DetectStage {
  /// Where the regions come from.
  public enum Regions: Sendable {
    /// From the detector, for images that the store lacks, and from the store.
    case detector
    /// From the store alone, which must hold all images: no detector runs, and no image is read.
    case store
  }

  let chain: Chain
  var run: Run { chain.run }
  var report: Console { chain.report }
  let corpus: String
  let imageFolder: String?
  let classes: String?
  let attributes: String?
  private let drawsPictures: Bool
  let student: String?
  private let retries: Bool
  private let regions: Regions

  static let name = "detect"
  /// As it is called in messages.
  var name: String { regions == .store ? "query" : Self.name }

  /// - Parameters:
  ///   - corpus: a folder of images, a list, tar files or annotations (`ImageCorpus`).
  ///   - images: the folder of the annotations' images; nil for the others.
  ///   - classes: names between semicolons, or a file of names, perhaps below others; nil means the base
  ///     and novel categories of the pipeline's split.
  ///   - attributes: the same for attributes, of which each detection has the most probable one; nil for
  ///     none.
  ///   - student: the file of a student of the pipeline's teacher, method and base categories, finished
  ///     or in training, or its folder; nil for the one that the pipeline trains.
  ///   - retries: whether images that failed before are tried again.
  public init(
    _ chain: Chain, corpus: String, images: String? = nil, classes: String?,
    attributes: String? = nil, drawsPictures: Bool, student: String? = nil, retries: Bool = true,
    regions: Regions = .detector
  ) {
    self.student = student
    self.retries = retries
    self.chain = chain
    self.corpus = corpus
    imageFolder = images
    self.classes = classes
    self.attributes = attributes
    self.drawsPictures = drawsPictures
    self.regions = regions
  }

  /// - Parameters:
  ///   - detections: what they depend on beside their images.
  ///   - hasStore: whether they are chosen among stored regions.
  func inputs(_ detections: StageInputs, hasStore: Bool) -> StageInputs {
    var inputs = detections
    inputs.add("corpus", place)
    inputs.add("reading", of: run.configuration.data.limits.readingInputs(.upright))
    if hasStore { inputs.add("store", run.configuration.detection.store) }
    return inputs
  }

  /// Labels what is not labelled yet and prints where the results are.
  ///
  /// - Parameter workers: processes that share the work of the detector; nil for this one alone.
  public func execute(workers: Workers? = nil) throws {
    // What the user gave is checked before the hours that training may take.
    let images = try ImageCorpus(corpus, images: imageFolder)
    for note in images.notes { report.say(name, note) }
    let looks = Looks(at: images.files, in: images.folder)
    let errand = student == nil ? errand() : nil
    if let looks, let receipt = errand?.receipt, receipt.looks.contains(looks),
      let folder = receipt.results["folder"]
    {
      receipt.results["warning"].map { report.warn(name, $0) }
      report.say(name, "up to date: \(run.root)/\(folder)")
      return try printPlaces("\(run.root)/\(folder)")
    }
    run.workspace.use([looks])
    let vocabulary = try chain.vocabulary(classes, for: name)
    let attributes = try chain.attributes(attributes, for: name)
    try checkVocabulary()
    let split = try run.trainingSplit()
    let asked = try AskedNames(
      vocabulary, attributes: attributes, split: split, by: chain.teacher().embeddings)
    for names in [asked.names, asked.parents, asked.attributes].compactMap(\.self) {
      report.warn(of: names.sameAfterCleanUp(), name)
    }
    if regions == .store { try requireTrained() }
    let detector = try chain.preparedDetector(student)
    let width = asked.categories.embeddings.shape[1]
    let store = try store(of: images, detector, width: width, for: workers)
    let inputs = try self.inputs(
      chain.detector(student).inputs(detector.inputs, for: asked), hasStore: store != nil)
    let folder = StageFolder(run, stage: Self.name, inputs: inputs)
    // The validation images need not be at hand.
    let evaluation = try? chain.evaluate().finished(detector.inputs, propose: chain.propose)
    let lock = try folder.lock()
    defer { withExtendedLifetime(lock) {} }
    let pictures = DetectedPictures(
      folder: folder.path, source: images.source, images: images.names,
      limits: run.configuration.data.limits,
      thresholds: DrawThresholds(
        given: run.configuration.detection.drawThreshold, chosen: evaluation?.boxes.thresholds),
      novel: drawsPictures ? run.unlabelled(of: vocabulary.names, split: split) : nil,
      stage: name, report: report)
    let isDone = try folder.isDone(report)
    if !isDone { try folder.begin(run.configuration) }
    let found = try found(images, store, by: detector, workers)
    let labels = try Labelling(
      images.names.enumerated().map {
        .init(id: images.ids?[$0.offset] ?? $0.offset + 1, name: $0.element)
      }, of: found.images, to: folder.file("detections.jsonl"),
      header: .init(
        fingerprint: inputs.hash, categories: vocabulary.names,
        parents: vocabulary.parentOfName, attributes: attributes.map(\.name)))
    for line in labels.damage { report.say(name, line) }
    var labelled: COCOResults.Summary?
    if !isDone || !labels.isUpToDate {
      try folder.reopen()
      try pictures.remove(of: labels.outdated, among: labels.earlier)
      if !labels.isUpToDate {
        try ImageLabeller(
          found.regions(), categories: asked.categories,
          rule: run.configuration.detection.postProcessing, stage: name, report: report
        ).label(labels)
      }
      labelled = try COCOResults.export(
        folder.file("detections.jsonl"), to: folder.file("detections.json"),
        images: folder.file("images.json"))
      try folder.finish(outputs: ["detections.jsonl", "detections.json", "images.json"])
    } else {
      try labels.keepStamps()
    }
    let (isNew, warning) = try pictures.ensure(
      known: try? folder.read(DetectedPictures.file), record: folder.add(outputs:))
    if labels.failures.count == 0 { leaveReceipt(errand, of: folder, warning: warning) }
    if let labelled {
      report.say(
        name,
        "\(labelled.images.counted("image")), \(labelled.detections.counted("detection")), "
          + "\(labelled.failures) failed")
    } else {
      let failures = labels.failures
      let failed = failures.count == 0 ? "" : ", \(failures.count) failed (\(failures.text))"
      report.say(name, "\(isNew ? "wrote" : "up to date:") \(folder.path)\(failed)")
    }
    try printPlaces(folder.path)
  }

  /// - Throws: `InputError` (`configuration`) for names that the student cannot know.
  private func checkVocabulary() throws(InputError) {
    let method = run.configuration.student.method
    let isStudent = run.configuration.detection.classifier == .student
    if classes == nil && attributes == nil || method.isOpenVocabulary || !isStudent { return }
    throw InputError(
      .configuration,
      "a student of method '\(method.rawValue)' knows no "
        + (attributes == nil ? "other categories" : "attributes"),
      at: "student.method", expected: "a method that learns from text", got: method.rawValue,
      hint: "leave the \(attributes == nil ? "classes" : "attributes") out")
  }

  /// The images as they are, and where their regions come from.
  private func found(
    _ images: ImageCorpus, _ store: StoreStage?, by detector: PipelineDetector.Prepared,
    _ workers: Workers?
  ) throws -> (images: any CorpusImages, regions: () throws -> any RegionSource) {
    let failed: FailedImages = retries ? .retry : .leave
    guard let store else {
      let files = FileImages(images.source, failed: failed) {
        [limits = run.configuration.data.limits] _, file, path throws(ImageError) in
        try file.decoded(path, limits: limits) { _ in .upright }
      }
      return (files, { DetectedRegions(try detector.load(), in: files) })
    }
    var loaded: (any Detector)?
    func load() throws -> any Detector {
      let detector = try loaded ?? detector.load()
      loaded = detector
      return detector
    }
    let reader =
      switch regions {
      case .store: try store.complete()
      case .detector:
        try store.fill(failed: failed) { cache in
          if let workers {
            try fill(cache, of: store, with: workers, detector.load)
          } else {
            try store.work(in: cache, with: load(), progress: report)
          }
        }
      }
    run.workspace.use(cache: store.task.folder.path)
    let source = images.source
    let stored = try StoredImages(reader) { source.place(of: $0) }
    return (
      stored, { StoredRegions(stored, of: store.task.recipe, scorer: try load().scorer) }
    )
  }

  private func printPlaces(_ folder: String) throws {
    for name in ["detections.json", "detections.jsonl"] + (drawsPictures ? ["pictures"] : []) {
      try StandardOutput.print("\(folder)/\(name)")
    }
  }

  /// What tells the corpus from others.
  var place: String { ImageCorpus.place(corpus, images: imageFolder) }

  /// One a corpus. Scores that pictures begin at come from evaluations.
  private func errand() -> Errand {
    let evaluations = VerifyStage.folders(in: run.folder)
      .filter { RunsStage.stage(of: PathText.name(of: $0)) == EvaluateStage.name }
      .flatMap { [$0] + VerifyStage.folders(in: $0) }
      .map { "\(PathText.name(of: $0)) \(Receipt.record(of: $0) ?? "")" }
    let names = [classes, attributes].map { $0 ?? "" }
    return Errand(
      run, "\(Self.name)-\(PathText.number(of: place))",
      choosing: [place] + names + names.map { "\(Files.exists($0))" } + ["\(drawsPictures)"]
        + evaluations, files: names.filter(Files.exists))
  }

  private func leaveReceipt(_ errand: Errand?, of folder: StageFolder, warning: String?) {
    run.workspace.use(stage: folder.path)
    let pictures = folder.file("pictures")
    if drawsPictures {
      let paths = Looks.names(below: pictures).map { "\(pictures)/\($0)" }
      run.workspace.use([Looks(at: paths, in: pictures)])
    }
    var results = ["folder": PathText.below(run.root, folder.path)]
    results["warning"] = warning
    errand?.finish(saying: results)
  }
}
