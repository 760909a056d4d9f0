import Cache
import Datasets
import Distillation
import Evaluation
import Foundation
import Images
import Networks
import Regions
import Student
public import Support
import Tensors

/// Offline proposals: trains a class-agnostic proposal network on the base categories' boxes, and
/// writes its best boxes of every image; or takes the user's own proposals (section 3.1).
public struct ProposeStage {
  /// Where the proposals are, and what they are.
  struct Output {
    let train: String
    let val: String?
    let recall: ProposalRecall?
  }

  let run: Run
  let report: Report
  let train: AnnotatedImages
  let val: AnnotatedImages
  let folder: StageFolder
  var choices: ProposalStageConfiguration { run.configuration.proposals }
  private var network: StudentNetworkConfiguration { run.configuration.proposalNetwork }

  static let name = "propose"
  static let kind = "proposal network"

  public init(_ run: Run, report: Report) throws(InputError) {
    self.run = run
    self.report = report
    train = try AnnotatedImages(run.configuration.data.train, of: run)
    val = try AnnotatedImages(run.configuration.data.val, of: run)
    var inputs = StageInputs()
    try train.add(to: &inputs, as: "train")
    try val.add(to: &inputs, as: "val")
    var choices = run.configuration.proposals
    choices.network = nil
    inputs.add("choices", choices)
    if let file = choices.file {
      try inputs.add("file", file: run.path(file))
    } else {
      try run.configuration.proposalNetwork.firstStage.add(to: &inputs, of: run)
    }
    folder = StageFolder(run, stage: Self.name, inputs: inputs)
  }

  /// Makes the proposals unless they are there.
  public func execute() throws {
    let isFresh = folder.isFinished
    let output = try ensure()
    if isFresh { report.say(Self.name, "up to date: \(folder.path)") }
    if let recall = output.recall { print(recall.table, terminator: "") }
  }

  /// Whether the proposals are there.
  var isFinished: Bool { folder.isFinished }

  /// The proposals, made first where they are missing or stale.
  func ensure() throws -> Output {
    if !folder.isFinished {
      try folder.finishAlone {
        try folder.begin(run.configuration)
        for (part, images) in [("train", train), ("val", val)] {
          if let note = images.choiceNote { report.say(Self.name, "\(part): \(note)") }
        }
        try choices.file == nil ? trainAndPropose() : takeUsersProposals()
        report.say(Self.name, "wrote \(folder.path)")
      }
    }
    let hasVal = Files.exists(folder.file("val.jsonl"))
    let recall = try? JSONDecoder().decode(
      ProposalRecall.self, from: Files.read(folder.file("recall.json")))
    return Output(
      train: folder.file("train.jsonl"), val: hasVal ? folder.file("val.jsonl") : nil,
      recall: recall)
  }

  /// What the proposals depend on.
  var inputs: String { folder.inputs.hash }

  // MARK: - A network of our own

  /// The trained network; to be asked for after `ensure`.
  func finder() throws -> ProposalFinder {
    var generator = SeededGenerator(seed: 0, stream: 0)
    let network = ProposalNetwork(
      backbone: try self.network.detector.backboneNetwork(from: NewTensors(seed: 0)),
      configuration: self.network.detector, using: &generator)
    try restore(network)
    return ProposalFinder(network: network.folded(), choices: choices)
  }

  /// A network as costly, that finds nothing.
  func untrainedFinder() throws -> ProposalFinder {
    ProposalFinder(network: try newNetwork().folded(), choices: choices)
  }

  /// The network as it is before training.
  func newNetwork() throws -> ProposalNetwork {
    var generator = SeededGenerator(seed: choices.training.seed, stream: 0)
    return ProposalNetwork(
      backbone: try network.initialBackbone(of: run, seed: choices.training.seed),
      configuration: network.detector, using: &generator)
  }

  /// Puts the trained weights into a network of the same sizes; to be asked for after `ensure`.
  func restore(_ network: ProposalNetwork) throws(InputError) {
    try Checkpoint(path: folder.file("proposal-network.safetensors"), kind: Self.kind)
      .restore(network.parameters)
  }

  private func trainAndPropose() throws {
    let network = try newNetwork()
    try train(network)
    let finder = ProposalFinder(network: network.folded(), choices: choices)
    try propose(train, by: finder, to: "train.jsonl")
    let found = try propose(val, by: finder, to: "val.jsonl")
    let recall = try ProposalRecall(found, of: val.dataset, split: val.split)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    try Files.write(encoder.encode(recall), to: folder.file("recall.json"))
    try folder.finish(
      outputs: ["proposal-network.safetensors", "train.jsonl", "val.jsonl", "recall.json"])
    try? FileManager.default.removeItem(atPath: folder.file("checkpoint.safetensors"))
  }

  private func train(_ network: ProposalNetwork) throws {
    let weights = folder.file("proposal-network.safetensors")
    if Files.exists(weights) { return try restore(network) }
    _ = try learn(network, from: trainingSource(), in: folder)
    try Checkpoint.write(
      network.parameters, optimizer: nil, kind: Self.kind, step: 0,
      metadata: ["inputs": folder.inputs.hash], to: weights)
  }

  /// The training images in their order.
  func trainingSource() throws(InputError) -> TrainingSource {
    let ids = train.dataset.images.map(\.id)
    return try TrainingSource(
      ids: ids, categories: ids.map(train.baseCategories), configuration: choices.training)
  }

  /// Trains `network` with checkpoints in `folder`; returns the sums of `TrainingLoop.run`.
  func learn(
    _ network: ProposalNetwork, from source: TrainingSource, in folder: StageFolder,
    stopsAfter: @escaping (_ steps: Int) -> Bool = { _ in false }
  ) throws -> [String: Double]? {
    let (pixels, head) = (network.pixels, network.configuration.proposals)
    var loop = TrainingLoop(
      configuration: choices.training, kind: Self.kind, parameters: network.parameters,
      folder: folder.path, metadata: ["inputs": folder.inputs.hash])
    (loop.stopsAfter, loop.progressStyle) = (stopsAfter, report.style)
    let images = TrainingImages(train, stage: Self.name, report: report)
    let training = choices.training
    return try loop.run(source) { [train] element, generator -> AugmentedExample? in
      guard let image = try images.read(element.id) else { return nil }
      let (objects, crowds) = train.baseObjects(of: element.id)
      return TrainingExample(image: image, objects: objects, crowds: crowds).augmented(
        training, mean: pixels.mean, standardDeviation: pixels.standardDeviation,
        using: &generator)
    } losses: { batch, _, tape, generator in
      let examples = batch.map(\.example)
      let features = network.features(
        tape.constant(DetectorInput.batch(examples.map(\.input))))
      let losses = proposalLosses(
        network.predict(features), objects: examples.map(\.objects),
        crowds: examples.map(\.crowds), configuration: head, using: &generator)
      let values = [
        ("objectness", Double(losses.objectness.value.scalar)),
        ("boxes", Double(losses.boxes.value.scalar)),
      ]
      return (add(losses.objectness, losses.boxes), values)
    }
  }

  @discardableResult
  private func propose(
    _ images: AnnotatedImages, by finder: ProposalFinder, to name: String
  ) throws -> [Proposals] {
    let header = ProposalsHeader(
      labelSet: train.split.base, source: "proposal network \(folder.inputs.hash.prefix(12))",
      nms: choices.nmsThreshold, top: choices.top, images: images.dataset.images.count)
    let writer = try ProposalsWriter(path: folder.file(name), header: header)
    let progress = StageProgress(
      stage: Self.name, unit: "images", total: images.dataset.images.count)
    var all = [Proposals]()
    for ids in images.dataset.images.map(\.id).chunks(of: 4 * Parallel.workers) {
      try StopSignal.check()
      let found = find(in: images, ids, by: finder)
      for proposals in found {
        try writer.append(proposals.boxes)
        progress.advance(failures: proposals.failed ? 1 : 0)
      }
      all += found.map(\.boxes)
    }
    try writer.finish()
    progress.finish()
    return all
  }

  /// The proposals of some images, on all cores.
  func find(
    in images: AnnotatedImages, _ ids: ArraySlice<Int>, by finder: ProposalFinder
  ) -> [(boxes: Proposals, failed: Bool)] {
    parallelMap(ids) { propose(images, $0, by: finder) }
  }

  /// The proposals of one image; none where it cannot be read, which `embed` records as such.
  private func propose(
    _ images: AnnotatedImages, _ id: Int, by finder: ProposalFinder
  ) -> (boxes: Proposals, failed: Bool) {
    guard let image = try? images.read(id) else {
      return (Proposals(imageID: id, boxes: [], scores: []), true)
    }
    let (boxes, scores) = finder.proposals(of: image)
    return (Proposals(imageID: id, boxes: boxes, scores: scores), false)
  }

  // MARK: - The user's own

  private func takeUsersProposals() throws {
    guard let file = choices.file else { return }
    let source = run.path(file)
    let (given, labelSet) = try readUsersProposals(source)
    if let leaked = labelSet.first(where: train.split.novel.contains) {
      throw InputError(
        .badData, "the proposals were trained on the novel category '\(leaked)'", at: source,
        expected: "base categories only", hint: "a result on novel categories would mean nothing")
    }
    let byImage = Dictionary(uniqueKeysWithValues: given.map { ($0.imageID, $0) })
    // Those of images that are there and not chosen are passed over.
    if let unknown = given.first(where: {
      train.dataset.image($0.imageID) == nil && !train.dataset.omittedImageIDs.contains($0.imageID)
    }) {
      throw InputError(
        .badData, "proposals of an image that the annotations do not have", at: source,
        got: "image_id \(unknown.imageID)")
    }
    let writer = try ProposalsWriter(
      path: folder.file("train.jsonl"),
      header: ProposalsHeader(
        labelSet: labelSet, source: file, nms: choices.nmsThreshold, top: choices.top,
        images: train.dataset.images.count))
    for image in train.dataset.images {
      let all = byImage[image.id] ?? Proposals(imageID: image.id, boxes: [], scores: [])
      let kept = nonMaximumSuppression(
        boxes: all.boxes, scores: all.scores, iouThreshold: choices.nmsThreshold,
        limit: choices.top)
      try writer.append(
        Proposals(
          imageID: image.id, boxes: kept.map { all.boxes[$0] }, scores: kept.map { all.scores[$0] })
      )
    }
    try writer.finish()
    try folder.finish(outputs: ["train.jsonl"])
  }

  /// Our own JSON lines, which name their label set, or COCO results, for which the pipeline does.
  private func readUsersProposals(
    _ path: String
  ) throws(InputError) -> (proposals: [Proposals], labelSet: [String]) {
    if path.hasSuffix(".jsonl") {
      let reader = try ProposalsReader(path: path)
      return (try reader.readAll(), reader.header.labelSet)
    }
    guard let labelSet = choices.labelSet else {
      throw InputError(
        .configuration, "COCO results do not say which categories the proposals were trained on",
        at: path, expected: "the key proposals.label_set in the pipeline file",
        hint: "list the categories, or [] for proposals that used no labels")
    }
    let ids = train.dataset.images.map(\.id) + train.dataset.omittedImageIDs
    return (try Proposals.readCOCOResults(path: path, imageIDs: ids), labelSet)
  }
}
