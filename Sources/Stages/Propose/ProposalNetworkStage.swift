import Datasets
import Distillation
import Foundation
import Networks
import Pipeline
import Ranks
import Student
import Support
import Tensors
import Training

/// The class-agnostic proposal network, trained on the base categories' boxes (section 3.1).
///
/// Its outputs depend on nothing but what training sees: other choices of boxes, other validation
/// images and other novel categories leave it as it is.
struct ProposalNetworkStage {
  let run: Run
  let report: Console
  private let images: AnnotatedImages
  let folder: StageFolder
  private var network: StudentNetworkConfiguration { run.configuration.proposalNetwork }
  private var training: TrainingConfiguration { run.configuration.proposals.training }

  static let name = "proposal-network"
  private static let kind = "proposal network"
  private static let weights = "proposal-network.safetensors"

  /// - Parameter images: the training images.
  init(_ run: Run, images: AnnotatedImages, report: Console) throws(InputError) {
    self.run = run
    self.report = report
    self.images = images
    var inputs = StageInputs()
    inputs.add("train", of: try images.trainingInputs())
    inputs.add("network", of: try run.configuration.proposalNetwork.firstStage.inputs(of: run))
    inputs.add("training", run.configuration.proposals.training.recipe(distils: false))
    folder = StageFolder(run, stage: Self.name, inputs: inputs)
  }

  /// What the network depends on.
  var inputs: String { folder.inputs.hash }

  /// The folder of the trained network and of its training's log; nil where it is not trained yet.
  var finished: String? { folder.isFinished ? folder.path : nil }

  /// Trains the network unless it is there.
  ///
  /// - Throws: `InputError` for training images without an object to learn from.
  func ensure() throws {
    defer { run.workspace.use(stage: folder.path) }
    if try run.ranks.leaderDecides({ folder.isUpToDate }) { return }
    try training.check(ranks: run.ranks.count, at: "proposals.training")
    try images.checkThereIsSomethingToLearn()
    let boxNote = try images.boxNote()
    try folder.finish(with: run.ranks, report) {
      try folder.begin(run.configuration)
      if try folder.keepsTraining(of: Self.weights, kind: Self.kind, report) { return false }
      try run.imageContents.write()
      if let boxNote { report.say(Self.name, boxNote) }
      return true
    } _: {
      try train()
      report.say(Self.name, "wrote \(folder.file(Self.weights))")
    }
  }

  /// The trained network with its norms folded; to be asked for after `ensure`.
  func folded() throws -> ProposalNetwork {
    var generator = SeededGenerator(seed: 0, stream: 0)
    let network = ProposalNetwork(
      backbone: try network.detector.backboneNetwork(from: NewTensors(seed: 0)),
      configuration: network.detector, using: &generator)
    try restore(network)
    return network.folded()
  }

  /// Puts the trained weights into a network of the same sizes; to be asked for after `ensure`.
  func restore(_ network: ProposalNetwork) throws(InputError) {
    try Checkpoint(
      path: folder.file(Self.weights), kind: Self.kind,
      remedy: "remove the file; the network is trained again when it is needed"
    ).restore(network.parameters)
  }

  /// The network as it is before training.
  ///
  /// - Parameter say: is told what was taken of a detector's file, and what not.
  func newNetwork(say: (String) -> Void = { _ in }) throws -> ProposalNetwork {
    var generator = SeededGenerator(seed: training.seed, stream: 0)
    let initial = try network.initial(of: run, seed: training.seed)
    let network = ProposalNetwork(
      backbone: initial.backbone, configuration: network.detector, using: &generator)
    try initial.start(network, say: say)
    network.setBackboneRate(training.backboneRate)
    return network
  }

  private func train() throws {
    let network = try newNetwork { report.say(Self.name, $0) }
    _ = try learn(network, from: trainingSource(), in: folder)
    guard run.ranks.isLeader else { return }
    try Checkpoint.write(
      network.parameters, optimizer: nil, kind: Self.kind, step: 0,
      metadata: ["inputs": folder.inputs.hash], to: folder.file(Self.weights))
    try folder.finish(outputs: [Self.weights] + StageFolder.figures)
    try? FileManager.default.removeItem(atPath: folder.file("checkpoint.safetensors"))
  }

  /// The training images in their order.
  private func trainingSource() throws(InputError) -> TrainingSource<DueImage> {
    let ids = images.dataset.images.map(\.id)
    return try TrainingSource(
      ids: ids, categories: ids.map(images.baseCategories), configuration: training)
  }

  /// Trains `network` with checkpoints in `folder`; returns the sums of `TrainingLoop.run`.
  private func learn(
    _ network: ProposalNetwork, from source: TrainingSource<DueImage>, in folder: StageFolder,
    stopsAfter: @escaping (_ steps: Int) -> Bool = { _ in false }
  ) throws -> [String: Double]? {
    let (pixels, head) = (network.pixels, network.configuration.proposals)
    var loop = TrainingLoop(
      configuration: training, kind: Self.kind, parameters: network.parameters,
      folder: folder.path, metadata: ["inputs": folder.inputs.hash])
    (loop.stopsAfter, loop.console, loop.ranks) = (stopsAfter, report, run.ranks)
    loop.warn = { report.warn(Self.name, $0) }
    let readable = TrainingImages(images, stage: Self.name, report: report)
    defer { images.fit.say(Self.name, report) }
    return try loop.run(source) { [images, training] element, generator -> AugmentedExample? in
      guard let image = try readable.read(element.id) else { return nil }
      let (objects, crowds) = images.baseObjects(of: element.id)
      return TrainingExample(image: image, objects: objects, crowds: crowds).augmented(
        training, mean: pixels.mean, standardDeviation: pixels.standardDeviation,
        using: &generator)
    } losses: { examples, _, tape, generator in
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

  // MARK: - What training would take

  /// How many steps training has, and how many of them are done.
  func steps() throws(InputError) -> (all: Int, done: Int) {
    let all = try trainingSource().steps(training)
    if folder.isFinished { return (all, all) }
    let path = folder.file("checkpoint.safetensors")
    guard Files.exists(path) else { return (all, 0) }
    return (all, min(all, try Checkpoint(path: path, kind: Self.kind).step))
  }

  /// Makes some steps with a network of `newNetwork`, in a folder that is removed.
  func sample(_ network: ProposalNetwork) throws -> StepSample {
    let (ids, largest) = try images.sample()
    let source = TrainingSource(places: try steps().all * training.imagesPerStep) { place in
      .init(id: ids[place % ids.count], record: nil)
    }
    let quiet = try ProposalNetworkStage(run, images: images, report: .silent)
    return try StepSample.measure(
      skipping: (largest + training.imagesPerStep - 1) / training.imagesPerStep + 1
    ) { path, stopsAfter in
      _ = try quiet.learn(
        network, from: source,
        in: StageFolder(path, stage: Self.name, inputs: StageInputs()), stopsAfter: stopsAfter)
    }
  }
}
