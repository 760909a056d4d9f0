package import Cache
package import Regions
import Student
package import Support
package import Tensors

/// Finds the regions of a store that are most like an embedding: exactly, by looking at all of them.
package struct RegionSearch: Sendable {
  /// A region that was found.
  package struct Hit: Hashable, Sendable {
    /// In 0..., the image's place among those that were searched.
    package let image: Int
    package let name: String
    package let region: Region
    /// The cosine of its embedding and the one that was searched for; of a student with two heads, the
    /// mean of both where the search is for a text.
    package let score: Float
  }

  /// What the embedding that is searched for was made of.
  package enum Query: Sendable {
    case text, picture
  }

  private let images: StoredImages
  private let recipe: StoreRecipe
  private let heads: [StoreRecipe.Head]
  private let embedding: Tensor
  private let top: Int
  private let perImage: Int
  private let overlap: Double

  /// - Parameters:
  ///   - embedding: [1, D], a unit row.
  ///   - query: a text is compared with each embedding of a region, a picture with the one that was
  ///     distilled from pictures, where there are two.
  ///   - top: how many regions to find, at least 1.
  ///   - perImage: of an image at most, at least 1; nil for any number.
  ///   - overlap: the IoU above which the worse of two regions of an image is left out.
  package init(
    in images: StoredImages, of recipe: StoreRecipe, for embedding: Tensor, madeOf query: Query,
    top: Int, perImage: Int? = nil, overlap: Double
  ) {
    precondition(top > 0 && perImage ?? 1 > 0 && embedding.shape == [1, recipe.dimension])
    (self.images, self.recipe, self.embedding) = (images, recipe, embedding)
    heads = query == .picture && recipe.embeddings.count > 1 ? [.image] : recipe.embeddings
    (self.top, self.overlap) = (top, overlap)
    self.perImage = min(top, perImage ?? top)
  }

  /// The best regions of some images, the best first; of equal ones those of earlier images.
  ///
  /// - Parameters:
  ///   - names: of images that the store has.
  ///   - searched: called after each image.
  /// - Throws: `InputError` for a store that cannot be read; `Stopped`.
  package func hits(in names: [String], searched: () -> Void = {}) throws -> [Hit] {
    var best: [Hit] = []
    // What is no better has no place among the best.
    var worst = -Float.infinity
    let line = WorkLine<Int, [Hit], any Error> { try hits(in: $0, named: names[$0]) }
    var images = names.indices.makeIterator()
    try line.run(next: { images.next() }) { found in
      best += found.filter { $0.score > worst }
      if best.count >= 2 * top + 1000 {
        best = leading(best)
        worst = best[top - 1].score
      }
      searched()
    }
    return leading(best)
  }

  private func leading(_ hits: [Hit]) -> [Hit] {
    Array(hits.sorted { ($1.score, $0.image) < ($0.score, $1.image) }.prefix(top))
  }

  private func hits(in index: Int, named name: String) throws(InputError) -> [Hit] {
    let record = try images.record(named: name)
    if record.regions.isEmpty { return [] }
    let found = FoundRegions(record, of: recipe)
    var scores = [Float](repeating: 0, count: found.regions.count)
    for head in heads {
      let cosines = innerProducts(Variable(found.description[head]), Variable(embedding)).value
      cosines.withElements { cosines in
        for row in scores.indices { scores[row] += cosines[row] / Float(heads.count) }
      }
    }
    return nonMaximumSuppression(
      boxes: found.regions.boxes, scores: scores, iouThreshold: overlap, limit: perImage
    ).map { Hit(image: index, name: name, region: found.regions[$0], score: scores[$0]) }
  }
}
