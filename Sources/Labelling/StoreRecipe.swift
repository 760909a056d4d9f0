package import Cache
import Shards
package import Support

/// Everything that the regions in a store depend on: a cache of a detector's regions of a corpus, told
/// by the images' names. Another recipe is another store.
package struct StoreRecipe: CacheRecipe {
  /// The embeddings of a region, in the order in which they are kept.
  package enum Head: String, Codable, Sendable {
    /// What text is compared with (`RegionDescription.text`).
    case text
    /// What was distilled apart from that, or is the teacher's own (`RegionDescription.image`).
    case image
  }

  /// Tells it from the recipes of other caches.
  private let kind: Kind
  /// Hash of what the detector's regions depend on: its weights and choices.
  package let detector: String
  /// Hash of the rules by which files become pixels.
  package let reading: String
  /// At most so many regions of an image are kept, those with the highest objectness.
  package let regions: Int
  package let embeddings: [Head]
  /// D, the width of each.
  package let dimension: Int
  /// Cells along the side of a mask; 0 without masks.
  package let maskSide: Int
  private let dtype: EmbeddingPrecision
  private let codec: String
  private let formatVersion: Int
  private let heads: Int
  private let named: Bool

  private enum Kind: String, Codable { case store = "region store" }

  package init(
    detector: String, reading: String, regions: Int, embeddings: [Head], dimension: Int,
    maskSide: Int, precision: EmbeddingPrecision
  ) {
    precondition(regions > 0 && !embeddings.isEmpty)
    kind = .store
    (self.detector, self.reading, self.regions) = (detector, reading, regions)
    (self.embeddings, self.dimension, self.maskSide) = (embeddings, dimension, maskSide)
    dtype = precision
    (codec, formatVersion) = (CacheColumns.codec, ShardFormat.version)
    (heads, named) = (embeddings.count, true)
  }

  package var columns: CacheColumns {
    CacheColumns(
      dimension: dimension, precision: dtype, heads: heads, maskSide: maskSide, isNamed: named)
  }
}
