import Cache
import Datasets
import Foundation
import Pipeline
import Regions
import Support

/// Regions and embeddings that look like the cache's, for steps before there is one.
struct SampleRecords: Sendable {
  private let images: [Int: COCODataset.Image]
  private let regions: Int
  private let vectors: [Float]

  init(_ images: AnnotatedImages, _ run: Run, width: Int) {
    self.images = Dictionary(uniqueKeysWithValues: images.dataset.images.map { ($0.id, $0) })
    regions = run.configuration.proposals.top
    vectors = [Float](repeating: 1 / Float(width).squareRoot(), count: regions * width)
  }

  func record(of id: Int) -> CacheRecord? {
    images[id].map { image in
      CacheRecord(
        imageID: id, width: image.width, height: image.height,
        regions: EmbeddedRegions(.sample(regions, of: image), vectors: vectors))
    }
  }
}

extension [Region] {
  /// Regions of all sizes in an image, by a fixed seed: where there are no proposals yet.
  static func sample(_ count: Int, of image: COCODataset.Image) -> [Region] {
    var generator = SeededGenerator(seed: UInt64(bitPattern: Int64(image.id)))
    return (0..<count).map { _ in
      func edges(_ length: Int) -> (Float, Float) {
        // From a sixteenth of the image to all of it, by halves.
        let size = Double(length) * exp2(-4 * generator.nextUniform())
        let start = (Double(length) - size) * generator.nextUniform()
        return (Float(start), Float(start + size))
      }
      let (x, y) = (edges(image.width), edges(image.height))
      return Region(box: Box(x0: x.0, y0: y.0, x1: x.1, y1: y.1), score: 0.5)
    }
  }
}

extension AnnotatedImages {
  /// Regions that are made up, for when there are no proposals yet.
  ///
  /// - Parameter count: of an image, the most.
  func sampleProposals(
    _ count: Int
  ) -> (images: Int, regionsPerImage: Int, sampled: [Proposals]) {
    var generator = SeededGenerator(seed: 1)
    let some = dataset.images.shuffled(using: &generator).prefix(1000)
    let sampled = some.map { image in
      Proposals(imageID: image.id, regions: .sample(count, of: image))
    }
    return (dataset.images.count, count, sampled)
  }
}
