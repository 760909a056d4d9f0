import Datasets
import Distillation
import Foundation
import Student
import Support
import Tensors

/// Some steps of training, made in a folder that is removed, to see what a step takes.
struct StepSample {
  /// Of each step but the first ones, which set up what is set up once and see the largest images.
  private(set) var seconds: [Double] = []
  /// CPU time a second.
  private(set) var cores = 0.0
  /// The most bytes of tensors at once.
  private(set) var tensorBytes = 0
  private(set) var checkpointBytes = 0
  private(set) var logBytesPerStep = 0.0

  /// The time for steps that count, and how many there are to be at least and at most.
  private static let budget = 8.0
  private static let fewest = 3
  private static let most = 64

  /// - Parameters:
  ///   - first: how many steps do not count.
  ///   - train: trains in a folder, until it is told to stop after so many steps.
  /// - Throws: what `train` throws, `Stopped` among it.
  static func measure(
    skipping first: Int,
    _ train: (_ folder: String, _ stopsAfter: @escaping (Int) -> Bool) throws -> Void
  ) throws -> StepSample {
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "vild-plan-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    TensorMemory.resetPeak()
    let (start, before) = (ProcessInfo.processInfo.systemUptime, ProcessUsage.now)
    var began = start
    try train(folder) { steps in
      let now = ProcessInfo.processInfo.systemUptime
      if steps <= first { began = now }
      return steps >= first + fewest && (now - began >= budget || steps >= first + most)
    }
    var sample = StepSample()
    sample.cores =
      (ProcessUsage.now.cpuSeconds - before.cpuSeconds)
      / max(1e-9, ProcessInfo.processInfo.systemUptime - start)
    sample.tensorBytes = TensorMemory.peak
    sample.checkpointBytes = try Files.read("\(folder)/checkpoint.safetensors").count
    let log = try Files.read("\(folder)/log.jsonl")
    let steps = try log.split(separator: UInt8(ascii: "\n")).compactMap { line in
      try (JSONSerialization.jsonObject(with: line) as? [String: Any])?["seconds"] as? Double
    }
    sample.logBytesPerStep = Double(log.count) / Double(max(1, steps.count))
    sample.seconds = Array(steps.dropFirst(min(first, steps.count - 1)))
    return sample
  }
}

extension AnnotatedImages {
  /// Training images for a sample: first those that take most memory (of the most pixels, the widest
  /// and the highest as the network sees them, with the most objects), then others by a fixed seed.
  ///
  /// - Returns: their ids, and how many of them are there for the memory.
  /// - Throws: `InputError` where there are none, or no object to learn from.
  func sample() throws(InputError) -> (ids: [Int], largest: Int) {
    let all = dataset.images
    guard !all.isEmpty else {
      throw InputError(.badData, "there are no images to train on", at: annotationFile)
    }
    try checkThereIsSomethingToLearn()
    func ratio(_ image: COCODataset.Image) -> Double { Double(image.width) / Double(image.height) }
    var objects = [Int: Int]()
    for image in all { objects[image.id] = baseObjects(of: image.id).objects.count }
    var largest: [Int] = []
    for image in [
      all.max { objects[$0.id]! < objects[$1.id]! },
      // Of images with the same longer side, the square one has most pixels.
      all.max { abs(log(ratio($0))) > abs(log(ratio($1))) },
      all.max { $0.width * $0.height < $1.width * $1.height },
      all.max { ratio($0) < ratio($1) }, all.max { ratio($0) > ratio($1) },
    ].compactMap(\.self) where !largest.contains(image.id) { largest.append(image.id) }
    var generator = SeededGenerator(seed: 0)
    return (largest + all.map(\.id).shuffled(using: &generator), largest.count)
  }
}
