/// Positions of `scores`, best first; equal scores keep their order, scores that are not numbers
/// come last.
///
/// Complexity: O(n log n), or little more than O(n) where `count` is small.
/// - Parameter count: only so many, the best.
public func descendingOrder(_ scores: [Float], first count: Int = .max) -> [Int] {
  precondition(scores.count <= 1 << 32, "positions are 32 bits of a key")
  // One number to sort by: bits that fall where the score rises, above the position.
  var keys = scores.enumerated().map { position, score in
    // Adding zero makes one of both zeros.
    let bits = (score.isNaN ? -Float.infinity : score + 0).bitPattern
    let falling = bits >> 31 == 0 ? ~bits ^ 1 << 31 : bits
    return UInt64(falling) << 32 | UInt64(position)
  }
  if count < keys.count / 4 { keys = smallest(count, of: keys) }
  keys.sort()
  return keys.prefix(count).map { Int($0 & 0xffff_ffff) }
}

/// The `count` smallest keys, not in order, and those that begin with the same bits as the largest of them.
private func smallest(_ count: Int, of keys: [UInt64]) -> [UInt64] {
  let shift = 64 - 14
  var counts = [Int](repeating: 0, count: 1 << 14)
  for key in keys { counts[Int(key >> shift)] += 1 }
  var (end, total) = (0, 0)
  while total < count {
    total += counts[end]
    end += 1
  }
  return keys.filter { Int($0 >> shift) < end }
}

/// Class-agnostic non-maximum suppression: keeps the best box, drops every other with an IoU above
/// `iouThreshold`, and goes on with the best one left.
///
/// Equal to `torchvision.ops.nms`; of boxes with equal scores the earlier one wins.
/// Complexity: O(n * kept), without allocation in the loop.
/// - Parameters:
///   - scores: one per box.
///   - limit: how many boxes to keep at most.
/// - Returns: positions of the boxes kept, best first.
public func nonMaximumSuppression(
  boxes: [Box], scores: [Float], iouThreshold: Double, limit: Int = .max
) -> [Int] {
  precondition(boxes.count == scores.count, "one score per box")
  let order = descendingOrder(scores)
  let columns = OverlapColumns(order.lazy.map { boxes[$0] }, iouThreshold: iouThreshold)
  var suppressed = [UInt64](repeating: 0, count: columns.words)
  var kept: [Int] = []
  for rank in order.indices where suppressed[rank / 64] >> UInt64(rank % 64) & 1 == 0 {
    if kept.count >= limit { break }
    kept.append(order[rank])
    for word in rank / 64..<columns.words {
      suppressed[word] |= columns.overlaps(of: rank, word: word)
    }
  }
  return kept
}

/// Which pairs of an image's boxes overlap, computed once and used for the suppression of every
/// class: one bit per pair.
///
/// Complexity: O(n^2) time, n^2 / 8 bytes (125 KB for 1,000 boxes).
public struct OverlapMatrix: Sendable {
  /// The number of boxes.
  public let count: Int
  private let words: Int
  private var bits: [UInt64]

  /// - Parameter iouThreshold: two boxes overlap when their IoU is above it.
  public init(boxes: [Box], iouThreshold: Double) {
    let columns = OverlapColumns(boxes, iouThreshold: iouThreshold)
    count = boxes.count
    words = columns.words
    bits = [UInt64](repeating: 0, count: count * words)
    for row in 0..<count {
      for word in 0..<words {
        bits[row * words + word] = columns.overlaps(of: row, word: word)
      }
    }
  }

  /// Whether the IoU of boxes `a` and `b` is above the threshold.
  public func overlaps(_ a: Int, _ b: Int) -> Bool {
    bits[a * words + b / 64] >> UInt64(b % 64) & 1 == 1
  }

  /// Non-maximum suppression among some of the boxes.
  ///
  /// - Parameters:
  ///   - order: positions of boxes, best first, each at most once (`descendingOrder`).
  ///   - limit: how many to keep at most.
  /// - Returns: the part of `order` that is kept, best first.
  public func suppress(order: [Int], limit: Int = .max) -> [Int] {
    var suppressed = [UInt64](repeating: 0, count: words)
    var kept: [Int] = []
    for index in order where suppressed[index / 64] >> UInt64(index % 64) & 1 == 0 {
      if kept.count >= limit { break }
      kept.append(index)
      for word in 0..<words { suppressed[word] |= bits[index * words + word] }
    }
    return kept
  }
}
