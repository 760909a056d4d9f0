/// What a box is to be trained as.
public enum Match: Hashable, Sendable {
  /// The ground-truth box at this position.
  case foreground(Int)
  /// No object.
  case background
  /// Nothing: too close to an object to be background, or inside a crowd.
  case ignored
}

/// How boxes are told apart by their IoU with the ground truth.
public struct MatchRule: Hashable, Sendable {
  /// An IoU of at least this makes a box foreground.
  public var foreground: Float
  /// An IoU below this makes a box background; what lies between is ignored.
  public var background: Float
  /// Whether the boxes closest to a ground-truth box that nothing reaches count as foreground too.
  public var allowsLowQuality: Bool

  /// - Precondition: 0 <= background <= foreground <= 1.
  public init(foreground: Float, background: Float, allowsLowQuality: Bool) {
    precondition(0 <= background && background <= foreground && foreground <= 1)
    self.foreground = foreground
    self.background = background
    self.allowsLowQuality = allowsLowQuality
  }

  /// For anchors: foreground from 0.7, background below 0.3, low quality allowed.
  public static let proposals = MatchRule(foreground: 0.7, background: 0.3, allowsLowQuality: true)
  /// For sampled regions: foreground from 0.5, all else background.
  public static let boxHead = MatchRule(foreground: 0.5, background: 0.5, allowsLowQuality: false)
}

/// Matches each box to the ground-truth box it overlaps most, as torchvision's `Matcher`.
///
/// Of equal overlaps the earlier ground-truth box wins. Empty ground-truth boxes match nothing.
/// Complexity: O(boxes * truths).
/// - Parameters:
///   - boxes: anchors or proposals.
///   - truths: the objects of the image.
///   - crowds: regions of many objects drawn as one; a box that would be background is ignored
///     when at least half of it lies in one.
/// - Returns: one match a box.
public func match(
  _ boxes: [Box], to truths: [Box], crowds: [Box] = [], rule: MatchRule
) -> [Match] {
  var best = [Float](repeating: 0, count: boxes.count)
  var owner = [Int](repeating: 0, count: boxes.count)
  var closest = Set<Int>()
  for (index, truth) in truths.enumerated() where !truth.isEmpty {
    var reached: Float = 0
    var reachedBy: [Int] = []
    for position in boxes.indices {
      let iou = boxes[position].iou(truth)
      if iou > best[position] {
        best[position] = iou
        owner[position] = index
      }
      if iou > reached {
        reached = iou
        reachedBy.removeAll(keepingCapacity: true)
      }
      if iou == reached, iou > 0 { reachedBy.append(position) }
    }
    if rule.allowsLowQuality { closest.formUnion(reachedBy) }
  }
  return boxes.indices.map { position in
    let iou = best[position]
    if iou > 0, iou >= rule.foreground || closest.contains(position) {
      return .foreground(owner[position])
    }
    if iou >= rule.background, iou > 0 { return .ignored }
    let box = boxes[position]
    let inCrowd = crowds.contains { box.intersection($0).area >= 0.5 * box.area && !box.isEmpty }
    return inCrowd ? .ignored : .background
  }
}

/// The boxes a loss looks at: positions among the matched boxes, ascending.
public struct BalancedSample: Hashable, Sendable {
  /// Boxes that match an object.
  public var foreground: [Int]
  /// Boxes that match none.
  public var background: [Int]
}

/// Draws `count` boxes, at most `foregroundShare` of them foreground and the rest background;
/// fewer when there are not enough.
///
/// - Parameters:
///   - foregroundShare: in 0...1; 0.5 for anchors and 0.25 for regions in the paper.
///   - generator: the only source of chance.
public func sampleBalanced(
  _ matches: [Match], count: Int, foregroundShare: Double,
  using generator: inout some RandomNumberGenerator
) -> BalancedSample {
  precondition(count >= 0 && (0...1).contains(foregroundShare))
  var foreground: [Int] = []
  var background: [Int] = []
  for (position, match) in matches.enumerated() {
    switch match {
    case .foreground: foreground.append(position)
    case .background: background.append(position)
    case .ignored: break
    }
  }
  keepRandom(Int(Double(count) * foregroundShare), of: &foreground, using: &generator)
  keepRandom(count - foreground.count, of: &background, using: &generator)
  return BalancedSample(foreground: foreground, background: background)
}

/// Keeps `count` of `positions`, drawn without replacement, ascending.
private func keepRandom(
  _ count: Int, of positions: inout [Int], using generator: inout some RandomNumberGenerator
) {
  guard positions.count > count else { return }
  for index in 0..<count {
    positions.swapAt(index, Int.random(in: index..<positions.count, using: &generator))
  }
  positions.removeSubrange(count...)
  positions.sort()
}
