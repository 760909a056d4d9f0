import Datasets
import Pipeline
import Regions
import Support

/// Proposals that the user gives instead of our network's: JSON lines, which name their label set, or
/// COCO results, for which the pipeline does.
struct OwnProposals {
  private let run: Run
  private let novel: Set<String>
  private var choices: ProposalStageConfiguration { run.configuration.proposals }

  init(_ run: Run, novel: [String]) {
    self.run = run
    self.novel = Set(novel)
  }

  /// What is made of the user's boxes depends on, beside the boxes themselves.
  ///
  /// - Parameter file: as the pipeline calls it.
  static func inputs(_ file: String, _ choices: ProposalStageConfiguration) -> StageInputs {
    var inputs = StageInputs()
    inputs.add("file", file)
    inputs.add("label set", choices.labelSet)
    inputs.add("nms threshold", choices.nmsThreshold)
    inputs.add("top", choices.top)
    return inputs
  }

  /// Writes the best boxes of each image, as the pipeline's overlap and number choose them.
  ///
  /// - Parameters:
  ///   - file: as the pipeline calls it.
  ///   - imageIDs: the images that are used; one that the file has not has no proposals.
  ///   - omitted: images of the data set that are not used; theirs are left out without a word.
  ///   - path: the file that is written.
  ///   - say: is told of boxes of images that the data set has not, such as those of validation
  ///     images in the same file; they are passed over.
  ///   - add: is told of what is written, image by image.
  /// - Throws: `InputError` for a malformed file, one without a box of the data set's images,
  ///   proposals of which nobody says what they were trained on, and those trained on a novel
  ///   category; `Stopped` after a signal.
  func write(
    _ file: String, of imageIDs: [Int], omitting omitted: Set<Int>, to path: String,
    saying say: (String) -> Void, _ add: (Proposals) throws(InputError) -> Void
  ) throws {
    let choices = choices
    let passedOver = PassedOver()
    let given = try open(
      file, of: imageIDs + omitted, sortingIn: PathText.folder(of: path), passingOver: passedOver)
    passedOver.lines.forEach(say)
    if let leaked = given.header.labelSet.first(where: novel.contains) {
      throw InputError(
        .badData, "the proposals were trained on the novel category '\(leaked)'",
        at: run.path(file), expected: "base categories only",
        hint: "a result on novel categories would mean nothing")
    }
    var header = given.header
    header.images = imageIDs.count
    (header.nms, header.top) = (choices.nmsThreshold, choices.top)
    let writer = try ProposalsWriter(path: path, header: header)
    let line = WorkLine<Int, Proposals, any Error> { id in
      Proposals(
        imageID: id,
        regions: try given.proposals(of: id).regions.suppressed(
          iouThreshold: choices.nmsThreshold, limit: choices.top))
    }
    var ids = imageIDs.makeIterator()
    try line.run(next: { ids.next() }) { proposals in
      try writer.append(proposals)
      try add(proposals)
    }
    try writer.finish()
  }

  /// - Parameter folder: where COCO results, which have no order, are sorted.
  private func open(
    _ file: String, of imageIDs: [Int], sortingIn folder: String,
    passingOver passedOver: PassedOver
  ) throws(InputError) -> ProposalsFile {
    let path = run.path(file)
    let given = try GivenProposals(path: path)
    guard given.isCOCOResults else {
      return try ProposalsFile(given, imageIDs: imageIDs, passingOver: passedOver)
    }
    guard let labelSet = choices.labelSet else {
      throw InputError(
        .configuration, "COCO results do not say which categories the proposals were trained on",
        at: path, expected: "the key proposals.label_set in the pipeline file",
        hint: "list the categories, or [] for proposals that used no labels")
    }
    return try ProposalsFile(
      results: given, imageIDs: imageIDs, labelSet: labelSet, source: file, nms: 1,
      sortingIn: folder, passingOver: passedOver)
  }
}
