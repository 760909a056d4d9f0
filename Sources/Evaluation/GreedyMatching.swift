/// How the detections of one image fare, best first: bit t is about IoU threshold t.
struct DetectionOutcome {
  /// The detection took a ground-truth box.
  var matched: UInt16 = 0
  /// The detection counts neither as right nor as wrong.
  var ignored: UInt16 = 0
}

/// The IoU of every detection with every ground-truth box of one image, both in COCO's form.
struct Overlaps {
  let truths: Int
  private(set) var values: [Double]

  /// A crowd's overlap is the share of the detection that lies in it.
  init(detections: [SIMD4<Double>], truths: [SIMD4<Double>], crowd: [Bool]) {
    self.truths = truths.count
    values = [Double](repeating: 0, count: detections.count * truths.count)
    for (row, d) in detections.enumerated() {
      for (column, t) in truths.enumerated() {
        let width = min(d.z + d.x, t.z + t.x) - max(d.x, t.x)
        if width <= 0 { continue }
        let height = min(d.w + d.y, t.w + t.y) - max(d.y, t.y)
        if height <= 0 { continue }
        let overlap = width * height
        let area = d.z * d.w
        let union = crowd[column] ? area : area + t.z * t.w - overlap
        values[row * truths.count + column] = overlap / union
      }
    }
  }
}

/// Gives each detection, best first, the ground-truth box it overlaps most among those left, as
/// `pycocotools` does: boxes that count go before ignored ones, and a crowd is never used up.
///
/// - Parameter ignored: the ground-truth boxes that do not count.
/// - Returns: one outcome a detection, in the order of the overlaps' rows.
func matchGreedily(
  _ overlaps: Overlaps, detections: Int, ignored: [Bool], crowd: [Bool]
) -> [DetectionOutcome] {
  var outcomes = [DetectionOutcome](repeating: DetectionOutcome(), count: detections)
  let truths = overlaps.truths
  if truths == 0 { return outcomes }
  let order = (0..<truths).filter { !ignored[$0] } + (0..<truths).filter { ignored[$0] }
  var taken = [Bool](repeating: false, count: truths)
  for (index, threshold) in COCOProtocol.iouThresholds.enumerated() {
    let bit: UInt16 = 1 << UInt16(index)
    for truth in 0..<truths { taken[truth] = false }
    for detection in 0..<detections {
      var best = min(threshold, 1 - 1e-10)
      var match: Int?
      for truth in order {
        if taken[truth] && !crowd[truth] { continue }
        if let match, !ignored[match], ignored[truth] { break }
        let overlap = overlaps.values[detection * truths + truth]
        if overlap < best { continue }
        best = overlap
        match = truth
      }
      guard let match else { continue }
      taken[match] = true
      outcomes[detection].matched |= bit
      if ignored[match] { outcomes[detection].ignored |= bit }
    }
  }
  return outcomes
}
