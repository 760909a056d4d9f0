internal import Regions

/// Regions as a shard holds them: a column of edges, x0, y0, x1, y1 of each, and one of scores.
extension [Region] {
  /// - Parameter rows: which of the columns' regions.
  init(edges: [Float], scores: [Float], rows: Range<Int>) {
    self = rows.map { row in
      let at = 4 * row
      return Region(
        box: Box(x0: edges[at], y0: edges[at + 1], x1: edges[at + 2], y1: edges[at + 3]),
        score: scores[row])
    }
  }

  /// Adds the regions to the columns of a block.
  func append(toEdges edges: inout [Float], scores: inout [Float]) {
    for region in self {
      edges.append(region.box.x0)
      edges.append(region.box.y0)
      edges.append(region.box.x1)
      edges.append(region.box.y1)
      scores.append(region.score)
    }
  }

  /// The columns of these regions alone.
  var columns: (edges: [Float], scores: [Float]) {
    var (edges, scores): ([Float], [Float]) = ([], [])
    edges.reserveCapacity(4 * count)
    scores.reserveCapacity(count)
    append(toEdges: &edges, scores: &scores)
    return (edges, scores)
  }
}
