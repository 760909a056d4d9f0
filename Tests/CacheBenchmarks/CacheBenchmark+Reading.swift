import Cache
import Distillation
import Foundation
import Regions
import Support
import Synchronization
import Training

extension CacheBenchmark {
  /// Every record in the order of the ids, which is that in which they are stored.
  static func sequential(_ folder: String) throws -> (images: Int, seconds: Double) {
    let start = now
    let reader = try open(folder)
    var images = 0
    for id in try reader.imageIDs() {
      check(try reader.halfRecord(of: id), of: reader)
      images += 1
    }
    return (images, now - start)
  }

  /// Batches of 16 images in the order of training, decoded ahead by one thread, as floats; from
  /// opening the cache on.
  static func stream(_ folder: String, batches: Int) throws -> (images: Int, seconds: Double) {
    let start = now
    let usable = try UsableImages(of: open(folder))
    let state = TrainingState(seed: 1, globalBatch: 16, manifest: usable.manifest)
    let stream = try TrainingStream(usable, from: state)
    var images = 0
    for _ in 0..<batches {
      for element in try stream.next() {
        precondition(element.record.regions.count == regions)
        images += 1
      }
    }
    return (images, now - start)
  }

  /// `most` records by their ids, in random order; opening the cache is not counted.
  static func random(
    _ folder: String, threads: Int, most: Int
  ) throws -> (images: Int, seconds: Double) {
    let reader = try open(folder)
    var generator = SeededGenerator(seed: 2)
    let ids = Array(try reader.imageIDs().shuffled(using: &generator).prefix(most))
    let start = now
    let next = Atomic(0)
    DispatchQueue.concurrentPerform(iterations: threads) { _ in
      while true {
        let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
        guard index < ids.count else { return }
        guard let record = try? reader.halfRecord(of: ids[index]) else {
          fatalError("image \(ids[index]) cannot be read")
        }
        check(record, of: reader)
      }
    }
    return (ids.count, now - start)
  }

  private static func open(_ folder: String) throws -> CacheReader {
    guard let cache = try CacheFolder.all(in: folder).first else {
      throw InputError(.missingInput, "no cache here", at: folder)
    }
    return try CacheReader(cache)
  }

  private static func check(_ record: HalfRecord, of reader: CacheReader) {
    precondition(
      record.scores.count == regions
        && record.vectors.count == regions * reader.folder.recipe.columns.dimension)
  }
}
