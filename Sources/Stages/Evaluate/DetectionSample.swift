import Datasets
import Evaluation
import Foundation
import Labelling
import Support
import Tensors

/// Detection and evaluation on some of the validation images, in a folder that is removed, to see
/// what all of them will take.
struct DetectionSample {
  let images: ImageSample
  /// Of the files of detections, an image.
  let bytesPerImage: Double
  /// Of evaluating an image's detections.
  let evaluationSeconds: Double
  /// The most memory while detecting.
  let detectionPeakBytes: Int
  /// Resident before evaluating, and what an image's detections add to that.
  let evaluationBytes: (start: Int, perImage: Double)

  /// - Parameters:
  ///   - validation: of at least one image.
  ///   - detector: one that costs as much as the one that will be used.
  static func measure(
    _ validation: Validation, _ detector: some Detector
  ) throws -> DetectionSample {
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "vild-plan-\(UUID().uuidString)").path
    try Files.createFolder(folder)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    var quiet = validation
    quiet.report = .silent
    var generator = SeededGenerator(seed: 0)
    let items = quiet.items.shuffled(using: &generator)
    var sampled: [ImageLabeller.Item] = []
    let images = try ImageSample.measure(items, atATime: 2 * Parallel.workers) {
      sampled += $0
      try quiet.detect(
        detector, quiet.labelling(sampled, in: folder, fingerprint: "sample"))
    }
    try quiet.export(in: folder)
    let sizes = ["detections.jsonl", "detections.json", "images.json"].map {
      (try? FileManager.default.attributesOfItem(atPath: "\(folder)/\($0)"))?[.size] as? Int ?? 0
    }
    let detectionPeak = ProcessUsage.now.peakBytes
    let chosen = Set(items.prefix(images.images).map(\.id))
    try quiet.images.keep { chosen.contains($0.id) }
    let (before, start) = (
      ResidentMemory.trimmed(), ProcessInfo.processInfo.systemUptime
    )
    let report = try quiet.evaluate(in: folder, by: nil)
    let (after, end) = (ProcessUsage.residentBytes, ProcessInfo.processInfo.systemUptime)
    let count = Double(images.images)
    return withExtendedLifetime(report) {
      DetectionSample(
        images: images, bytesPerImage: Double(sizes.reduce(0, +)) / count,
        evaluationSeconds: (end - start) / count, detectionPeakBytes: detectionPeak,
        evaluationBytes: (before, Double(max(0, after - before)) / count))
    }
  }

  /// For detecting on so many images, and evaluating that.
  func time(images count: Int) -> TimeRange {
    TimeRange(count, at: images.seconds.map { $0 + evaluationSeconds })
  }

  /// The most memory for so many images.
  func peakBytes(images count: Int) -> Int {
    max(
      detectionPeakBytes,
      evaluationBytes.start + Int(Double(count) * evaluationBytes.perImage))
  }
}
