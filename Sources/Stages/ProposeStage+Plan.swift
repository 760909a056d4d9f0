import Datasets
import Distillation
import Foundation
import Regions
import Student
import Support
import Tensors

extension ProposeStage {
  /// What the proposals would take: some steps of training and some images are tried, in a folder
  /// that is removed. To be asked for once in a process: the memory is the process's.
  public func plan() throws -> StagePlan {
    let images = train.dataset.images.count + val.dataset.images.count
    var plan = StagePlan(
      .propose, folder: folder.path,
      images: choices.file == nil ? images : train.dataset.images.count)
    if choices.file == nil { plan.steps = try trainingSource().steps(choices.training) }
    if folder.isFinished { return plan.finished }
    guard let steps = plan.steps else {
      plan.sample = "proposals.file is read, and nothing is trained"
      return plan
    }
    let isTrained = Files.exists(folder.file("proposal-network.safetensors"))
    let checkpoint = try? Checkpoint(path: folder.file("checkpoint.safetensors"), kind: Self.kind)
    plan.stepsDone = isTrained ? steps : min(steps, checkpoint?.step ?? 0)
    if plan.stepsDone! > 0 { plan.state = .begun }

    let network = try newNetwork()
    let weights = network.parameters.reduce(0) { $0 + $1.value.count } * MemoryLayout<Float>.stride
    var measured = [String]()
    if !isTrained {
      let sample = try sampleSteps(of: network, steps: steps)
      let left = steps - plan.stepsDone!
      plan.add(TimeRange(left, at: sample.seconds), cores: sample.cores)
      plan.diskBytes = sample.checkpointBytes + weights + Int(sample.logBytesPerStep * Double(left))
      measured.append("\(sample.seconds.count) steps")
    }
    let (sample, bytes, boxes) = try sampleImages(
      ProposalFinder(network: network.folded(), choices: choices))
    plan.add(TimeRange(images, at: sample.seconds), cores: sample.cores)
    plan.diskBytes += Int(bytes * Double(images))
    // All of a data set's proposals are kept until its recall is known.
    let kept = boxes * Double(max(train.dataset.images.count, val.dataset.images.count))
    plan.peakBytes = ProcessUsage.now.peakBytes + Int(kept) * Proposals.bytesPerBox
    plan.sample = (measured + ["\(sample.images) images"]).joined(separator: " and ")
    return plan
  }

  private func sampleSteps(of network: ProposalNetwork, steps: Int) throws -> StepSample {
    let training = choices.training
    let (ids, largest) = try train.sample()
    let source = TrainingSource(places: steps * training.imagesPerStep) { place in
      .init(id: ids[place % ids.count], record: nil)
    }
    let quiet = try ProposeStage(run, report: Report(style: .silent))
    return try StepSample.measure(
      skipping: (largest + training.imagesPerStep - 1) / training.imagesPerStep + 1
    ) { path, stopsAfter in
      _ = try quiet.learn(
        network, from: source,
        in: StageFolder(path, stage: Self.name, inputs: StageInputs()), stopsAfter: stopsAfter)
    }
  }

  /// Proposals of some images, with the bytes that an image takes in the file and how many boxes it
  /// has.
  private func sampleImages(
    _ finder: ProposalFinder
  ) throws -> (sample: ImageSample, bytes: Double, boxes: Double) {
    var generator = SeededGenerator(seed: 0)
    let ids = train.dataset.images.map(\.id).shuffled(using: &generator)
    var found = [Proposals]()
    let sample = try ImageSample.measure(ids, atATime: 4 * Parallel.workers) { ids in
      found += find(in: train, ids, by: finder).map(\.boxes)
    }
    let lines = found.map { ProposalsWriter.line(of: $0).utf8.count }
    let count = Double(max(1, found.count))
    return (
      sample, Double(lines.reduce(0, +)) / count, Double(found.regions) / count
    )
  }
}

extension Proposals {
  /// In memory: a box and its score.
  static let bytesPerBox = MemoryLayout<Box>.stride + MemoryLayout<Float>.stride
}
