/// How the detections of one image and category fare, best first: bit t is about IoU threshold t.
struct DetectionOutcome {
  /// The detection took a ground-truth object.
  var matched: UInt16 = 0
  /// The detection counts neither as right nor as wrong.
  var ignored: UInt16 = 0
}

/// Gives each detection, best first, the object it overlaps most among those left, as `pycocotools`
/// and `lvis-api` do: objects that count go before ignored ones, and a crowd is never used up.
///
/// - Parameter ignored: the ground truth that does not count.
/// - Returns: one outcome a detection.
func matchGreedily(
  _ overlaps: Overlaps, thresholds: [Double], ignored: [Bool], crowd: [Bool]
) -> [DetectionOutcome] {
  var outcomes = [DetectionOutcome](repeating: DetectionOutcome(), count: overlaps.detections)
  var taken = [UInt16](repeating: 0, count: overlaps.truths)
  for detection in 0..<overlaps.detections {
    let candidates = overlaps[detection]
    if candidates.isEmpty { continue }
    for (index, threshold) in thresholds.enumerated() {
      let bit: UInt16 = 1 << UInt16(index)
      func best(isIgnored: Bool) -> Int? {
        var best = min(threshold, 1 - 1e-10)
        var match: Int?
        for candidate in candidates where ignored[candidate.truth] == isIgnored {
          let truth = candidate.truth
          if candidate.iou < best || (taken[truth] & bit != 0 && !crowd[truth]) { continue }
          (best, match) = (candidate.iou, truth)
        }
        return match
      }
      guard let match = best(isIgnored: false) ?? best(isIgnored: true) else { continue }
      taken[match] |= bit
      outcomes[detection].matched |= bit
      if ignored[match] { outcomes[detection].ignored |= bit }
    }
  }
  return outcomes
}

/// Pascal VOC's way: each detection, best first, is about the object it overlaps most, taken or not;
/// the second about one object is wrong.
///
/// - Parameter ignored: difficult objects.
func matchAsVOC(_ overlaps: Overlaps, ignored: [Bool]) -> [DetectionOutcome] {
  var taken = [Bool](repeating: false, count: overlaps.truths)
  return (0..<overlaps.detections).map { detection in
    var best: Overlaps.Candidate?
    for candidate in overlaps[detection] where candidate.iou > best?.iou ?? 0 { best = candidate }
    guard let truth = best?.truth else { return DetectionOutcome() }
    if ignored[truth] { return DetectionOutcome(ignored: 1) }
    if taken[truth] { return DetectionOutcome() }
    taken[truth] = true
    return DetectionOutcome(matched: 1)
  }
}
