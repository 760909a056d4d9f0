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
  func plan() throws -> StagePlan {
    let images = train.dataset.images.count + (hasValidation ? val.dataset.images.count : 0)
    var plan = StagePlan(.propose, folder: folder.path, images: images)
    let steps = try network?.steps()
    plan.steps = steps?.all
    if folder.isFinished { return plan.finished }
    guard let network, let steps else {
      plan.sample = "proposals.file is read, and nothing is trained"
      return plan
    }
    plan.stepsDone = steps.done
    if steps.done > 0 { plan.state = .begun }

    var measured = [String]()
    let tried = network.finished == nil ? try network.newNetwork() : nil
    if let tried {
      let weights =
        tried.parameters.reduce(0) { $0 + $1.value.count } * MemoryLayout<Float>.stride
      let sample = try network.sample(tried)
      let left = steps.all - steps.done
      plan.add(TimeRange(left, at: sample.seconds), cores: sample.cores)
      plan.diskBytes = sample.checkpointBytes + weights + Int(sample.logBytesPerStep * Double(left))
      measured.append(sample.seconds.count.counted("step"))
    }
    let (sample, bytes) = try sampleImages(
      ProposalFinder(network: tried?.folded() ?? network.folded(), choices: choices))
    plan.add(TimeRange(images, at: sample.seconds), cores: sample.cores)
    plan.diskBytes += Int(bytes * Double(images))
    plan.peakBytes = ProcessUsage.now.peakBytes
    plan.sample = (measured + [sample.images.counted("image")]).joined(separator: " and ")
    return plan
  }

  /// Proposals of some images, with the bytes that an image takes in the file.
  private func sampleImages(
    _ finder: ProposalFinder
  ) throws -> (sample: ImageSample, bytes: Double) {
    var generator = SeededGenerator(seed: 0)
    let ids = train.dataset.images.map(\.id).shuffled(using: &generator)
    var found = [Proposals]()
    let sample = try ImageSample.measure(ids, atATime: 4 * Parallel.workers) { ids in
      let line = WorkLine<Int, Found, any Error> { [train] id in
        try Self.propose(train, id, by: finder)
      }
      var next = ids.makeIterator()
      try line.run(next: { next.next() }) { found.append($0.proposals) }
    }
    let lines = found.map { ProposalsWriter.line(of: $0).utf8.count }
    let count = Double(max(1, found.count))
    return (sample, Double(lines.reduce(0, +)) / count)
  }
}
