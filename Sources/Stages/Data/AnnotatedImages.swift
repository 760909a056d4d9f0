import Datasets
import Images
import Pipeline
import Regions
import Support
import Synchronization

/// A data set's images and objects, loaded and checked, with its categories split.
struct AnnotatedImages: Sendable {
  private(set) var dataset: COCODataset
  let split: CategorySplit
  let annotationFile: String
  private let files: ImageFiles
  /// The position of each base category in `split.base`, by the data set's id.
  private let basePositions: [Int: Int]
  let choice: ImageChoice
  let choices: DataConfiguration
  /// How the files fit, as far as they have been read.
  let fit: AnnotatedFit
  let contents: ImageContents
  let workspace: Workspace

  /// - Parameter labels: of which categories training may see the objects; `all` makes all base.
  /// - Throws: `InputError` for malformed annotations or split, and for missing image files.
  init(
    _ part: AnnotatedFolder, of run: Run, labels: StudentStageConfiguration.Labels = .base
  ) throws(InputError) {
    let annotations = run.path(part.annotations)
    let choice = run.choice(part)
    try self.init(
      annotations: annotations, folder: run.path(part.images), choosing: choice, of: run
    ) { dataset throws(InputError) in
      if part == run.configuration.data.train {
        try run.configuration.data.checkWords(for: dataset.categories.map(\.name))
      }
      let split = try run.split(dataset.categories, of: annotations)
      return labels == .all ? split.allBase : split
    }
  }

  /// Images of another data set than the pipeline's.
  ///
  /// - Throws: `InputError` for malformed annotations, and for missing image files.
  init(
    annotations: String, folder: String, choosing choice: ImageChoice = .all,
    of run: Run, split makeSplit: (COCODataset) throws(InputError) -> CategorySplit
  ) throws(InputError) {
    annotationFile = annotations
    self.choice = choice
    choices = run.configuration.data
    if Files.isStream(annotations) { throw StageInputs.readTwice(annotations) }
    (contents, workspace) = (run.imageContents, run.workspace)
    (dataset, files) = try workspace.dataset(annotations, in: folder, choosing: choice) {
      () throws(InputError) in
      let dataset = try COCODataset(path: annotations, choosing: choice)
      return (dataset, try ImageFiles(of: dataset, in: folder))
    }
    fit = AnnotatedFit(choices)
    let files = files
    let policy: OrientationPolicy = choices.orientation == .upright ? .upright : .stored
    dataset = dataset.sized { image in
      (try? ImageHeader.read(files.path(of: image)))?.size(policy)
    }
    split = try makeSplit(dataset)
    var positions = [Int: Int]()
    for (position, name) in split.base.enumerated() {
      if let id = dataset.categories.first(where: { $0.name == name })?.id {
        positions[id] = position
      }
    }
    basePositions = positions
  }

  /// Categories in words: the pipeline's, or else the data set's synonyms beside the name.
  func words(for names: [String]) -> [CategoryName] {
    let known = Dictionary(dataset.categories.map { ($0.name, $0.words) }) { first, _ in first }
    return names.map { choices.worded(known[$0] ?? CategoryName($0)) }
  }

  /// How many of the annotations' images are used, and by which rule; nil where all are.
  private var choiceNote: String? {
    let used = dataset.images.count
    if dataset.omittedImageIDs.isEmpty { return nil }
    let rules = [
      choice.list.map { "those on \($0)" },
      choice.limit.map { "at most \($0), by seed \(choice.seed)" },
    ]
    let all = (used + dataset.omittedImageIDs.count).counted("image")
    return "\(used) of \(all) of \(annotationFile): "
      + rules.compactMap(\.self).joined(separator: ", ")
  }

  /// What a stage says of the images before it works on them, a line each: the choice of images, how
  /// they are spelt, and what of the annotations was passed over.
  var notes: [String] {
    [choiceNote, files.note].compactMap(\.self) + dataset.passedOver.lines
  }

  var folder: String { files.folder }

  func path(of id: Int) -> String { dataset.image(id).map(files.path) ?? folder }

  /// The file of an image, below `folder`.
  func file(of image: COCODataset.Image) -> String {
    // LVIS's addresses may lead into folders inside this one.
    PathText.below(folder, files.path(of: image))
  }

  /// What the pixels of each image depend on, by id: SHA-256 of its file in hex, and its annotated
  /// size, which may turn it. Files that cannot be read are left out.
  func pixelSources() -> [Int: String] {
    let hashes = contents.hashes(of: dataset.images.map(file), in: folder)
    return Dictionary(
      zip(dataset.images, hashes).compactMap { image, hash in
        hash.map { (image.id, "\($0) \(image.width)x\(image.height)") }
      }
    ) { first, _ in first }
  }

  /// The pixels that annotations refer to, turned as `data.orientation` says.
  func read(_ id: Int) throws(ImageError) -> Image {
    try decoded(id, from: ImageFile(path(of: id))).image
  }

  /// The same of a file that has been read, with what it says of itself.
  func decoded(_ id: Int, from file: ImageFile) throws(ImageError) -> Image.Decoded {
    try fit.read(id, file, at: path(of: id), annotated: size(of: id))
  }

  /// - Throws: `InputError` once too many files have another size than the annotations say.
  func checkFit() throws(InputError) {
    try fit.check(of: dataset.images.count, annotations: annotationFile)
  }

  /// The objects of base categories, with their positions in `split.base`, and what counts neither as
  /// an object nor as background: crowds, and objects that are marked as difficult or to be ignored.
  /// Objects of other categories are nobody's: training never sees them.
  func baseObjects(of id: Int) -> (objects: [(box: Box, category: Int)], crowds: [Box]) {
    let annotations = baseAnnotations(of: id)
    return (
      annotations.filter(\.isLearned).map { ($0.box, basePositions[$0.categoryID]!) },
      annotations.filter { !$0.isLearned }.map(\.box)
    )
  }

  /// The mask of each of `baseObjects`; nil where the data set has none.
  func baseMasks(of id: Int) throws(InputError) -> [Mask?] {
    var masks: [Mask?] = []
    for annotation in baseAnnotations(of: id) where annotation.isLearned {
      masks.append(try dataset.mask(of: annotation))
    }
    return masks
  }

  private func baseAnnotations(of id: Int) -> [COCODataset.Annotation] {
    dataset.annotations(of: id).filter { isBase($0) && isUsable($0) }
  }

  func isBase(_ annotation: COCODataset.Annotation) -> Bool {
    basePositions[annotation.categoryID] != nil
  }

  /// - Throws: `InputError` where training would learn nothing: no object of a base category, or
  ///   crowds and the like only.
  func checkThereIsSomethingToLearn() throws(InputError) {
    let all = dataset.annotations
    if all.contains(where: { isBase($0) && $0.isLearned && isUsable($0) }) { return }
    let base = all.count(where: isBase)
    throw InputError(
      .badData, "there is no object to learn from", at: annotationFile,
      expected: "objects of the base categories in the \(dataset.images.count) training images",
      got: all.isEmpty
        ? "no annotations"
        : base == 0
          ? "\(all.count.counted("annotation")), none of a base category"
          : "\(base.counted("annotation")) of them, all crowds, difficult, ignored, empty or "
            + "outside")
  }

  /// The base categories that an image has objects of, by their positions in `split.base`.
  func baseCategories(of id: Int) -> Set<Int> { Set(baseObjects(of: id).objects.map(\.category)) }

  /// Leaves all other images out.
  mutating func keep(_ isKept: (COCODataset.Image) -> Bool) throws(InputError) {
    dataset = try dataset.keeping(Set(dataset.images.indices.filter { isKept(dataset.images[$0]) }))
  }

}

extension COCODataset.Annotation {
  /// Whether training learns it as an object.
  var isLearned: Bool { !isCrowd && !isIgnored }
}

extension Run {
  /// The pipeline's split of the categories of an annotation file.
  func split(
    _ categories: [COCODataset.Category], of annotations: String
  ) throws(InputError) -> CategorySplit {
    let names = categories.map(\.name)
    guard let chosen = configuration.data.split else {
      let novel = configuration.data.novel ?? []
      return try CategorySplit(
        base: names.filter { !novel.contains($0) }, novel: novel, of: names,
        source: "data.novel")
    }
    return chosen == DataConfiguration.lvisFrequency
      ? try CategorySplit(byFrequencyOf: categories, source: annotations)
      : try CategorySplit(path: path(chosen), of: names)
  }

  /// What was base and what novel in training; reads no more of the annotations than that takes.
  func trainingSplit() throws(InputError) -> CategorySplit {
    let part = configuration.data.train
    let annotations = path(part.annotations)
    return try split(
      COCODataset.categories(path: annotations, choosing: choice(part)), of: annotations)
  }

  /// Which of a part's images are used.
  func choice(_ part: AnnotatedFolder) -> ImageChoice {
    ImageChoice(
      list: part.imagesList.map(path), limit: part.limit, seed: part.limitSeed ?? 0)
  }
}

/// Reads training images; one that cannot be read is reported once and left out. Safe to use from
/// several threads.
final class TrainingImages: Sendable {
  private let images: AnnotatedImages
  private let stage: String
  private let report: Console
  private let unreadable = Mutex(Set<Int>())

  init(_ images: AnnotatedImages, stage: String, report: Console) {
    self.images = images
    self.stage = stage
    self.report = report
  }

  /// - Throws: `InputError` when none of the images can be read.
  func read(_ id: Int) throws(InputError) -> Image? {
    if unreadable.withLock({ $0.contains(id) }) { return nil }
    do throws(ImageError) {
      return try images.read(id)
    } catch {
      let (isNew, count) = unreadable.withLock { unreadable in
        (unreadable.insert(id).inserted, unreadable.count)
      }
      // Another thread may have met it at the same time.
      if isNew { report.say(stage, "left out of training: \(error.inputError)") }
      try images.checkFit()
      guard count < images.dataset.images.count else {
        throw InputError(.badData, "none of the training images can be read", at: images.folder)
      }
      return nil
    }
  }
}
