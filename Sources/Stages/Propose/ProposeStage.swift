import Datasets
import Distillation
import Evaluation
import Foundation
import Images
import Pipeline
import Ranks
import Regions
import Student
import Support

/// Offline proposals: the best boxes of every image by the proposal network, or the user's own
/// (section 3.1), and how many of the annotated objects they find.
public struct ProposeStage {
  /// Where the proposals are, and what they are worth.
  struct Output {
    let train: TrainingProposals
    let recalls: [PartRecall]
  }

  /// The proposals of the training images.
  struct TrainingProposals {
    let file: String
    /// Names what made them; those of each image are compared one by one.
    let source: String
  }

  /// What the proposals of one part of the data find. Objects of novel categories are only counted
  /// here; nothing is trained on them.
  struct PartRecall: Codable {
    /// "training" or `ProposeStage.validation`.
    let part: String
    let images: Int
    let proposals: Int
    let recall: ProposalRecall
  }

  let run: Run
  let report: Console
  let train: AnnotatedImages
  let val: AnnotatedImages
  /// Nil with the user's own proposals.
  let network: ProposalNetworkStage?
  let folder: StageFolder
  var choices: ProposalStageConfiguration { run.configuration.proposals }

  static let name = "propose"
  /// The part of the data that an evaluation is of.
  static let validation = "validation"

  /// - Parameter network: nil with the user's own proposals.
  init(
    _ run: Run, train: AnnotatedImages, val: AnnotatedImages, network: ProposalNetworkStage?,
    report: Console
  ) throws(InputError) {
    (self.run, self.report) = (run, report)
    (self.train, self.val, self.network) = (train, val, network)
    let choices = run.configuration.proposals
    var inputs = StageInputs()
    // How many objects are found, of base and of novel categories, stands beside the proposals.
    for (name, images) in [("train", train), ("val", val)] {
      inputs.add(name, of: try images.inputs())
      inputs.add("\(name).split", images.split)
    }
    if let network {
      inputs.add("proposals", of: ProposalFinder.inputs(network: network.inputs, choices))
    }
    for (name, file) in [("proposals", choices.file), ("val proposals", choices.valFile)] {
      guard let file else { continue }
      inputs.add(name, of: OwnProposals.inputs(file, choices))
      try inputs.add("\(name).content", file: run.path(file))
    }
    folder = StageFolder(run, stage: Self.name, inputs: inputs)
  }

  /// Whether the proposals are there.
  var isFinished: Bool { folder.isFinished }

  /// The proposals, made first where they are missing or stale.
  func ensure() throws -> Output {
    if !folder.isUpToDate {
      // The proposals of others are asked for by those whose turn it is alone.
      guard run.ranks.isAlone else {
        throw InputError.notForRanks("images to propose for", verb: Self.name)
      }
      try network?.ensure()
      try folder.finishAlone(report) {
        try folder.begin(run.configuration)
        try run.imageContents.write()
        for (part, images) in [("train", train), ("val", val)] {
          for note in images.notes { report.say(Self.name, "\(part): \(note)") }
        }
        try write()
        report.say(Self.name, "wrote \(folder.path)")
      }
    }
    run.workspace.use(stage: folder.path)
    return Output(
      train: TrainingProposals(file: folder.file("train.jsonl"), source: source),
      recalls: try Self.recalls(in: folder))
  }

  private func write() throws {
    var parts = [("training", train, "train.jsonl", choices.file)]
    if hasValidation { parts.append((Self.validation, val, "val.jsonl", choices.valFile)) }
    let finder = try finder()?.load()
    var recalls: [PartRecall] = []
    for (part, images, name, file) in parts {
      var (count, sum) = (0, ProposalRecallSum(of: images.dataset, split: images.split))
      func add(_ proposals: Proposals) throws(InputError) {
        count += proposals.regions.count
        try sum.add(proposals)
      }
      if let finder {
        try propose(images, by: finder, to: name, add)
      } else if let file {
        try takeOwn(file, of: images, to: name, add)
      }
      recalls.append(
        PartRecall(
          part: part, images: images.dataset.images.count, proposals: count, recall: sum.recall))
    }
    try Files.write(JSONDocument.line(recalls), to: folder.file("recall.json"))
    if finder != nil {
      try Files.write(
        JSONDocument.line(
          ProposedImages(
            source: source,
            contents: Dictionary(
              uniqueKeysWithValues: parts.map { ($0.2, $0.1.pixelSources()) }))),
        to: folder.file(ProposedImages.file))
    }
    try folder.finish(
      outputs: parts.map { $0.2 } + ["recall.json"] + (finder == nil ? [] : [ProposedImages.file]))
  }

  /// Whether there are proposals of the validation images.
  var hasValidation: Bool { network != nil || choices.valFile != nil }

  // MARK: - By the proposal network

  /// The network's boxes.
  struct Finder {
    /// The hash of what they depend on beside the image.
    let inputs: String
    let isTrained: Bool
    /// One as costly, that finds nothing, where it is not trained.
    let load: () throws -> ProposalFinder
  }

  /// Nil with the user's own proposals. Trains the network where it is missing.
  func finder() throws -> Finder? {
    try network?.ensure()
    return plannedFinder()
  }

  /// The same as the network is now.
  func plannedFinder() -> Finder? {
    guard let network else { return nil }
    let (choices, isTrained) = (choices, network.finished != nil)
    return Finder(inputs: source, isTrained: isTrained) {
      ProposalFinder(
        network: isTrained ? try network.folded() : try network.newNetwork().folded(),
        choices: choices)
    }
  }

  /// - Parameter add: is told of each image's proposals, in their order.
  private func propose(
    _ images: AnnotatedImages, by finder: ProposalFinder, to name: String,
    _ add: (Proposals) throws(InputError) -> Void
  ) throws {
    let header = ProposalsHeader(
      labelSet: train.split.base,
      source: "proposal network \(network?.inputs.prefix(12) ?? "")",
      nms: choices.nmsThreshold, top: choices.top, images: images.dataset.images.count)
    let writer = try ProposalsWriter(path: folder.file(name), header: header)
    let contents = images.pixelSources()
    let (known, damaged) = earlierProposals(of: Set(contents.values), making: name)
    for line in damaged {
      report.say(
        Self.name, "\(line) does not have the checksum it was written with; it is made again")
    }
    let ids = images.dataset.images.map(\.id)
    let done = ids.count { contents[$0].map { known[$0] != nil } ?? false }
    if done > 0 {
      let images = ids.count.counted("image has", "images have")
      report.say(Self.name, "\(done) of \(images) proposals of this network already")
    }
    let progress = StageProgress(
      stage: Self.name, unit: "images", total: ids.count, done: done, on: report)
    let line = WorkLine<Int, Found, any Error> { id in
      guard let earlier = contents[id].flatMap({ known[$0] }) else {
        return try Self.propose(images, id, by: finder)
      }
      return Found(proposals: try earlier.proposals(of: id), isNew: false)
    }
    var next = ids.makeIterator()
    try line.run(next: { next.next() }) { found in
      try writer.append(found.proposals)
      try add(found.proposals)
      if found.isNew { progress.advance(failures: found.hasFailed ? 1 : 0) }
      try images.checkFit()
    }
    try writer.finish()
    progress.finish()
    images.fit.say(Self.name, report)
  }

  /// The proposals of an image.
  struct Found: Sendable {
    let proposals: Proposals
    /// Whether the network has looked at it now.
    var isNew = true
    /// Whether it cannot be read, which `embed` records as such.
    var hasFailed = false
  }

  /// The proposals of one image, none where it cannot be read. By one worker: sums in the same order,
  /// whatever is beside it.
  ///
  /// - Throws: `InputError` naming an image of which the network says nothing finite.
  static func propose(
    _ images: AnnotatedImages, _ id: Int, by finder: ProposalFinder
  ) throws(InputError) -> Found {
    guard let image = try? images.read(id) else {
      return Found(proposals: Proposals(imageID: id), hasFailed: true)
    }
    do throws(InputError) {
      return Found(proposals: Proposals(imageID: id, regions: try finder.proposals(of: image)))
    } catch {
      throw error.at(images.path(of: id))
    }
  }

  // MARK: - The user's own

  private func takeOwn(
    _ file: String, of images: AnnotatedImages, to name: String,
    _ add: (Proposals) throws(InputError) -> Void
  ) throws {
    try OwnProposals(run, novel: images.split.novel).write(
      file, of: images.dataset.images.map(\.id), omitting: images.dataset.omittedImageIDs,
      to: folder.file(name), saying: { report.say(Self.name, "\(name): \($0)") }, add)
  }
}
