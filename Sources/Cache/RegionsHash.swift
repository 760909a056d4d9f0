package import Regions

/// Names the regions of an image: SHA-256 in hex of their boxes and scores as a shard holds them.
package enum RegionsHash {
  /// - Parameters:
  ///   - boxes: R boxes.
  ///   - scores: R scores.
  package static func of(_ boxes: [Box], _ scores: [Float]) -> String {
    of(boxes.flatMap { [$0.x0, $0.y0, $0.x1, $0.y1] }[...], scores[...])
  }

  /// - Parameter boxes: R x 4.
  static func of(_ boxes: ArraySlice<Float>, _ scores: ArraySlice<Float>) -> String {
    let hash = SHA256()
    hash.update(Bytes.of(Array(boxes)))
    hash.update(Bytes.of(Array(scores)))
    return hash.hex
  }
}
