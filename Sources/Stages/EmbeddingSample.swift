import Foundation
import Images
import Regions
import Support
import Teacher
import Tensors

/// What embedding costs on this machine: some regions of some images, chosen by a fixed seed, sent
/// through the same path as all will be.
struct EmbeddingSample {
  /// Images read.
  private(set) var images = 0
  /// Crops of their regions; those of the same pixels count each.
  private(set) var crops = 0
  /// From start to end, without what is set up once.
  private(set) var seconds = 0.0
  /// Time of the workers, summed.
  private(set) var times = EmbeddingTimes()

  /// The time to hand out images for; it ends at most two batches later.
  private static let budget = 3.0
  /// A batch of crops is made smaller where it would take a worker longer.
  private static let secondsPerBatch = 2.0

  /// Measures on the images of `proposals` that have regions.
  ///
  /// - Returns: nil where no image can be read.
  /// - Throws: `Stopped` after a signal.
  static func measure(
    _ proposals: [Proposals], of images: AnnotatedImages, with embedder: RegionEmbedder
  ) throws -> EmbeddingSample? {
    var generator = SeededGenerator(seed: 0)
    let chosen = proposals.filter { !$0.boxes.isEmpty }.shuffled(using: &generator)
    func run(_ regions: Int, for seconds: Double, limit: Int = .max) throws -> EmbeddingSample {
      var sample = EmbeddingSample()
      try sample.run(
        chosen.lazy.map { proposals in
          RegionRequest(
            imageID: proposals.imageID,
            boxes: Array(proposals.boxes.shuffled(using: &generator).prefix(regions)))
        }.prefix(limit), for: seconds, images, embedder)
      return sample
    }
    // The first pass sets up what is set up once; the second tells how long a crop takes.
    _ = try run(1, for: budget, limit: 1)
    let first = try run(1, for: budget, limit: 1)
    guard first.crops > 0 || chosen.count > 1 else { return nil }
    let secondsPerCrop = (first.times.crops + first.times.tower) / Double(max(1, first.crops))
    let cropsPerBatch = min(
      embedder.teacher.cropsPerBatch, Int(secondsPerBatch / max(secondsPerCrop, 1e-6)))
    let sample = try run(max(1, cropsPerBatch / embedder.rule.factors.count), for: budget)
    return sample.crops > 0 ? sample : nil
  }

  private mutating func run(
    _ requests: some Sequence<RegionRequest>, for budget: Double, _ images: AnnotatedImages,
    _ embedder: RegionEmbedder
  ) throws {
    let start = ProcessInfo.processInfo.systemUptime
    var iterator = requests.makeIterator()
    times = try embedder.embed(
      next: { ProcessInfo.processInfo.systemUptime - start < budget ? iterator.next() : nil },
      read: { id throws(ImageError) in try images.read(id) },
      deliver: { result in
        self.images += 1
        if case .success = result.outcome {
          crops += result.request.boxes.count * embedder.rule.factors.count
        }
      })
    seconds = ProcessInfo.processInfo.systemUptime - start
  }

  /// The time that workers will need for so many images and crops, summed.
  func times(images: Int, crops: Int) -> EmbeddingTimes {
    let perImage = Double(images) / Double(self.images)
    let perCrop = Double(crops) / Double(self.crops)
    var all = EmbeddingTimes()
    all.decode = times.decode * perImage
    all.crops = times.crops * perCrop
    all.tower = times.tower * perCrop
    return all
  }
}
