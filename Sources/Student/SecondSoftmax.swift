import Tensors

/// From coarse to fine: the softmax over the categories of each parent, and what the first softmax is
/// over instead of the categories.
///
/// Letters: T coarse names, parents and the categories without one.
struct SecondSoftmax: Sendable {
  /// What the first softmax is over.
  struct Coarse: Sendable {
    /// [T, D] unit rows
    let embeddings: Tensor
    /// [T] in 0...1
    let textShares: [Float]
  }

  let coarse: Coarse
  /// [C], which of the T a category is or lies below; never falls.
  private let coarseOf: [Int]
  /// The categories of each parent, in order, with the softmax over them. There is no background in it:
  /// what a region is at all, the first has said.
  private let groups: [(categories: Range<Int>, softmax: NameSoftmax)]
  /// [C], whether it lies below a parent.
  private let hasParent: [Bool]

  /// nil for a plain list.
  init?(_ classifier: NameClassifier, for asked: AskedCategories) {
    guard let parents = asked.parents else { return nil }
    var coarseOf: [Int] = []
    // Rows of the parents' embeddings followed by the categories'.
    var rows: [Int] = []
    for (parent, children) in parents.children.enumerated() {
      for category in coarseOf.count..<children.lowerBound {
        coarseOf.append(rows.count)
        rows.append(parents.names.count + category)
      }
      coarseOf += children.map { _ in rows.count }
      rows.append(parent)
    }
    for category in coarseOf.count..<asked.count {
      coarseOf.append(rows.count)
      rows.append(parents.names.count + category)
    }
    let shares = parents.textShares + asked.textShares
    coarse = Coarse(
      embeddings: gatherRows(
        Variable(Tensor(rows: [parents.embeddings, asked.embeddings])), rows
      ).value, textShares: rows.map { shares[$0] })
    self.coarseOf = coarseOf
    hasParent = coarseOf.map { rows[$0] < parents.names.count }
    groups = parents.children.map { children in
      (
        children,
        classifier.softmax(
          over: asked.embeddings.rows(children), textShares: Array(asked.textShares[children]),
          withBackground: false)
      )
    }
  }

  /// The scores [R, T] of T neighbouring categories.
  ///
  /// - Parameter first: those of coarse names.
  func scores(_ categories: Range<Int>, after first: (Range<Int>) -> Tensor) -> Tensor {
    guard let last = categories.last else { return first(0..<0) }
    let start = coarseOf[categories.lowerBound]
    let coarse = first(start..<coarseOf[last] + 1)
    let (regions, width) = (coarse.shape[0], coarse.shape[1])
    var scores = Tensor([regions, categories.count]) { out in
      coarse.withElements { p in
        for region in 0..<regions {
          for (column, category) in categories.enumerated() {
            out[region * categories.count + column] =
              p[region * width + coarseOf[category] - start]
          }
        }
      }
    }
    for (group, softmax) in groups where group.overlaps(categories) {
      let part = group.clamped(to: categories)
      let offset = part.lowerBound - categories.lowerBound
      softmax(part.lowerBound - group.lowerBound..<part.upperBound - group.lowerBound)
        .withElements { p in
          scores.withMutableElements { scores in
            for region in 0..<regions {
              for column in 0..<part.count {
                scores[region * categories.count + offset + column] *=
                  p[region * part.count + column]
              }
            }
          }
        }
    }
    return scores
  }

  /// p(parent | region) of regions and the categories that they were taken for; nil of a category without
  /// parent.
  func parents(
    of chosen: [(region: Int, category: Int)], after first: (Range<Int>) -> Tensor
  ) -> [Float?] {
    var found = [Float?](repeating: nil, count: chosen.count)
    let below = chosen.indices.filter { hasParent[chosen[$0].category] }
    for tile in TiledSoftmax.tiles(coarse.textShares.count) {
      let wanted = below.filter { tile.contains(coarseOf[chosen[$0].category]) }
      if wanted.isEmpty { continue }
      first(tile).withElements { p in
        for index in wanted {
          let (region, category) = chosen[index]
          found[index] = p[region * tile.count + coarseOf[category] - tile.lowerBound]
        }
      }
    }
    return found
  }
}
