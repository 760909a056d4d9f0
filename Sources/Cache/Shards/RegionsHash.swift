package import Regions
internal import Support

/// Names the regions of an image: SHA-256 in hex of their boxes and scores as a shard holds them.
package enum RegionsHash {
  package static func of(_ regions: [Region]) -> String {
    let (edges, scores) = regions.columns
    return of(edges[...], scores[...])
  }

  /// - Parameter edges: R x 4.
  static func of(_ edges: ArraySlice<Float>, _ scores: ArraySlice<Float>) -> String {
    let hash = SHA256()
    hash.update(Bytes.of(Array(edges)))
    hash.update(Bytes.of(Array(scores)))
    return hash.hex
  }
}
