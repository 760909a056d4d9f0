public import Regions
public import Tensors

/// Chooses the detections of an image from the class probabilities of its boxes.
///
/// Letters: R boxes, C categories. Boxes are class-agnostic, so which of them overlap is found out
/// once an image and serves every category.
/// Of equal scores the earlier category goes first, then the earlier box.
///
/// Its JSON form stands for the rule among what detections depend on.
public struct PostProcessing: Hashable, Encodable, Sendable {
  /// Version of the rule itself, counted up when it changes.
  private let version = 1

  /// Which detections compete with each other.
  public enum Suppression: String, Codable, Hashable, Sendable, CaseIterable {
    /// Those of one category (the paper): a box can be several things.
    case perCategory = "per_category"
    /// All of them: in one place there is one thing.
    case agnostic
    /// Those of one category, after each box has kept its most probable category only.
    case oneLabelPerBox = "one_label_per_box"
  }

  /// Which detections compete with each other.
  public var suppression: Suppression
  /// Smaller probabilities are dropped; those of zero always are.
  public var scoreThreshold: Float
  /// The IoU above which the worse of two competing boxes is dropped.
  public var nmsThreshold: Double
  /// How many boxes of a category compete at most, the best of them.
  public var candidatesPerCategory: Int
  /// Detections an image at most, over all categories.
  public var limit: Int

  /// The defaults are the paper's.
  public init(
    suppression: Suppression = .perCategory, scoreThreshold: Float = 0, nmsThreshold: Double = 0.5,
    candidatesPerCategory: Int = 1000, limit: Int = 300
  ) {
    precondition(candidatesPerCategory >= 0 && limit >= 0, "counts are not negative")
    self.suppression = suppression
    self.scoreThreshold = scoreThreshold
    self.nmsThreshold = nmsThreshold
    self.candidatesPerCategory = candidatesPerCategory
    self.limit = limit
  }

  /// The detections of one image, best first.
  ///
  /// Boxes without area and probabilities that are not numbers give no detections.
  /// Complexity: one pass over the probabilities, O(R^2) for the overlaps; memory O(R^2 / 8 + C).
  /// - Parameters:
  ///   - boxes: [R]
  ///   - probabilities: [R, 1 + C] with background first, or [R, C] without.
  ///   - hasBackground: whether the first column is background.
  public func detections(
    boxes: [Box], probabilities: Tensor, hasBackground: Bool = true
  ) -> [Detection] {
    precondition(
      probabilities.shape.count == 2 && probabilities.shape[1] >= (hasBackground ? 1 : 0),
      "probabilities are [R, C]")
    let categories = probabilities.shape[1] - (hasBackground ? 1 : 0)
    let found = candidates(
      boxes: boxes, tiles: [0..<categories], skipped: hasBackground ? 1 : 0
    ) { _ in probabilities }
    return found.map { $0.detection(of: boxes) }
  }

  /// The same for probabilities that are worked out a tile of categories at a time, so that they
  /// are never there all at once.
  ///
  /// - Parameters:
  ///   - tiles: neighbouring categories, in order.
  ///   - probabilities: [R, T] of the T categories of a tile; asked for once each.
  public func detections(
    boxes: [Box], tiles: [Range<Int>], probabilities: (Range<Int>) -> Tensor
  ) -> [Detection] {
    candidates(boxes: boxes, tiles: tiles, probabilities: probabilities).map {
      $0.detection(of: boxes)
    }
  }

  /// The same for whoever has more to say of the boxes.
  public func candidates(
    boxes: [Box], tiles: [Range<Int>], probabilities: (Range<Int>) -> Tensor
  ) -> [Candidate] {
    candidates(boxes: boxes, tiles: tiles, skipped: 0, probabilities: probabilities)
  }

  private func candidates(
    boxes: [Box], tiles: [Range<Int>], skipped: Int, probabilities: (Range<Int>) -> Tensor
  ) -> [Candidate] {
    if limit == 0 { return [] }
    let usable = boxes.indices.filter { boxes[$0].isFinite && !boxes[$0].isEmpty }
    let overlaps = OverlapMatrix(boxes: boxes, iouThreshold: nmsThreshold)
    var best: [Candidate] = []
    // Of each box, where it may have one label only.
    var labels: [Int: Candidate] = [:]
    for tile in tiles {
      let probabilities = probabilities(tile)
      precondition(
        probabilities.shape == [boxes.count, skipped + tile.count], "probabilities are [R, C]")
      probabilities.withElements { elements in
        let table = ProbabilityTable(
          elements: elements, width: skipped + tile.count, skipped: skipped,
          first: tile.lowerBound, minimum: scoreThreshold, boxes: usable)
        if suppression == .perCategory {
          best = bestPerCategory(table, overlaps, after: best)
        } else {
          labels.merge(table.labels().map { ($0.box, $0) }) { min($0, $1) }
        }
      }
    }
    switch suppression {
    case .perCategory: break
    case .agnostic: best = survivors(of: Array(labels.values), overlaps)
    case .oneLabelPerBox:
      best = Dictionary(grouping: labels.values, by: \.category).values
        .flatMap { survivors(of: $0, overlaps) }.sorted()
    }
    return Array(best.prefix(limit))
  }

  /// Goes through the candidates of all categories, the best first, until `limit` detections are found
  /// or none is left that comes before the worst of the `earlier` ones.
  private func bestPerCategory(
    _ table: ProbabilityTable, _ overlaps: OverlapMatrix, after earlier: [Candidate]
  ) -> [Candidate] {
    let worst = earlier.count == limit ? earlier.last : nil
    var found: [Candidate] = []
    // Of each category: how many candidates competed, and the boxes that are kept.
    var ranks = Array(repeating: (competed: 0, kept: [Int]()), count: table.categories)
    table.forEachBestFirst(from: worst?.score ?? 0, atATime: 2 * limit) { candidate in
      if let worst, worst < candidate { return false }
      let place = candidate.category - table.first
      guard ranks[place].competed < candidatesPerCategory else { return true }
      ranks[place].competed += 1
      if ranks[place].kept.contains(where: { overlaps.overlaps($0, candidate.box) }) {
        return true
      }
      ranks[place].kept.append(candidate.box)
      found.append(candidate)
      return found.count < limit
    }
    return earlier.isEmpty ? found : merged(earlier, found)
  }

  /// Non-maximum suppression among candidates of different boxes; best first.
  private func survivors(of candidates: [Candidate], _ overlaps: OverlapMatrix) -> [Candidate] {
    let ranked = candidates.sorted().prefix(candidatesPerCategory)
    // In the order of the ranks.
    var kept = overlaps.suppress(order: ranked.map(\.box), limit: limit).makeIterator()
    var next = kept.next()
    return ranked.filter { candidate in
      guard candidate.box == next else { return false }
      next = kept.next()
      return true
    }
  }

  /// The `limit` best of two lists, best first as they are.
  private func merged(_ one: [Candidate], _ other: [Candidate]) -> [Candidate] {
    var all: [Candidate] = []
    all.reserveCapacity(min(limit, one.count + other.count))
    var (i, j) = (0, 0)
    while all.count < limit, i < one.count || j < other.count {
      if j == other.count || i < one.count && one[i] < other[j] {
        all.append(one[i])
        i += 1
      } else {
        all.append(other[j])
        j += 1
      }
    }
    return all
  }
}
