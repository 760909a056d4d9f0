import Cache
import Foundation
import Support
import Synchronization

extension CacheBenchmark {
  /// Every record in the order in which it is stored.
  static func scan(_ folder: String) throws -> (images: Int, seconds: Double) {
    let start = now
    let reader = try TrainingReader(folder: folder, recipe: recipe)
    var images = 0
    for id in try reader.imageIDs() {
      let record = try reader.halfRecord(of: id)
      precondition(record.vectors.count == regions * dimension)
      images += 1
    }
    return (images, now - start)
  }

  /// Every record by its id, in random order, or the first `least`; from opening the cache on.
  static func random(
    _ folder: String, threads: Int, least: Int
  ) throws -> (images: Int, seconds: Double) {
    let opened = now
    let reader = try TrainingReader(folder: folder, recipe: recipe)
    var generator = SeededGenerator(seed: 2)
    var ids = try reader.imageIDs().shuffled(using: &generator)
    if least > 0 { ids = Array(ids.prefix(least)) }
    let start = least > 0 ? opened : now
    let order = ids
    let next = Atomic(0)
    DispatchQueue.concurrentPerform(iterations: threads) { _ in
      while true {
        let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
        guard index < order.count else { return }
        guard let record = try? reader.halfRecord(of: order[index]) else {
          fatalError("image \(order[index]) cannot be read")
        }
        precondition(record.vectors.count == regions * dimension)
      }
    }
    return (ids.count, now - start)
  }
}
