import Foundation
import Images
import Regions
import Support
import Teacher
import Tensors

/// What embedding costs on this machine: some regions of some images, chosen by a fixed seed, sent
/// through the same path as all will be.
struct EmbeddingSample {
  /// Some regions of some images.
  struct Part {
    /// Images read.
    fileprivate(set) var images = 0
    /// Crops of their regions; those of the same pixels count each.
    fileprivate(set) var crops = 0
    /// From start to end, without what is set up once.
    fileprivate(set) var seconds = 0.0
    /// Time of the workers, summed.
    fileprivate(set) var times = EmbeddingTimes()

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

  /// Each of other images; at least one, with crops.
  let parts: [Part]
  /// CPU time a second.
  let cores: Double

  /// The parts together.
  var all: Part {
    parts.dropFirst().reduce(parts[0]) { a, b in
      var sum = a
      (sum.images, sum.crops) = (a.images + b.images, a.crops + b.crops)
      (sum.seconds, sum.times) = (a.seconds + b.seconds, a.times + b.times)
      return sum
    }
  }

  /// The time to hand out images for in a part; it ends at most two batches later.
  private static let budget = 1.5
  private static let mostParts = 4
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
    let chosen = proposals.filter { !$0.regions.isEmpty }.shuffled(using: &generator)
    func requests(_ regions: Int) -> some IteratorProtocol<Proposals> {
      chosen.lazy.map { proposals in
        Proposals(
          imageID: proposals.imageID,
          regions: Array(proposals.regions.shuffled(using: &generator).prefix(regions)))
      }.makeIterator()
    }
    // The first pass sets up what is set up once; the second tells how long a crop takes.
    var single = requests(1)
    _ = try part(&single, limit: 1, images, embedder)
    let first = try part(&single, limit: 1, images, embedder)
    guard first.crops > 0 || chosen.count > 1 else { return nil }
    let secondsPerCrop = (first.times.crops + first.times.tower) / Double(max(1, first.crops))
    let cropsPerBatch = min(
      embedder.teacher.cropsPerBatch, Int(secondsPerBatch / max(secondsPerCrop, 1e-6)))
    var rest = requests(max(1, cropsPerBatch / embedder.rule.factors.count))
    let (start, before) = (ProcessInfo.processInfo.systemUptime, ProcessUsage.now)
    var parts = [Part]()
    for _ in 0..<mostParts {
      let part = try part(&rest, limit: .max, images, embedder)
      if part.crops > 0 { parts.append(part) }
    }
    if parts.isEmpty { return nil }
    let seconds = ProcessInfo.processInfo.systemUptime - start
    return EmbeddingSample(
      parts: parts,
      cores: (ProcessUsage.now.cpuSeconds - before.cpuSeconds) / max(1e-9, seconds))
  }

  /// - Parameter limit: how many images to take at most.
  private static func part(
    _ requests: inout some IteratorProtocol<Proposals>, limit: Int, _ images: AnnotatedImages,
    _ embedder: RegionEmbedder
  ) throws -> Part {
    let start = ProcessInfo.processInfo.systemUptime
    var part = Part()
    var taken = 0
    part.times = try embedder.embed(
      next: {
        if taken == limit || ProcessInfo.processInfo.systemUptime - start >= budget { return nil }
        taken += 1
        return requests.next()
      },
      read: { id throws(ImageError) in try images.read(id) },
      deliver: { result in
        part.images += 1
        if case .success = result.outcome {
          part.crops += result.request.regions.count * embedder.rule.factors.count
        }
      })
    part.seconds = ProcessInfo.processInfo.systemUptime - start
    return part
  }
}
