package import Regions

/// Names the regions of an image: SHA-256 in hex of their boxes and scores as a shard holds them.
package enum RegionsHash {
  /// - Parameters:
  ///   - boxes: R boxes.
  ///   - scores: R scores.
  package static func of(_ boxes: [Box], _ scores: [Float]) -> String {
    var numbers: [Float] = []
    numbers.reserveCapacity(4 * boxes.count)
    for box in boxes { numbers += [box.x0, box.y0, box.x1, box.y1] }
    return of(numbers[...], scores[...])
  }

  /// - Parameter boxes: R x 4.
  static func of(_ boxes: ArraySlice<Float>, _ scores: ArraySlice<Float>) -> String {
    let hash = SHA256()
    hash.update(Bytes.of(Array(boxes)))
    hash.update(Bytes.of(Array(scores)))
    return hash.hex
  }
}
