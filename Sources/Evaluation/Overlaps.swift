import Regions

/// For each detection of an image and category, best first, the ground truth that it overlaps enough
/// to be matched with: few of all pairs.
struct Overlaps {
  struct Candidate {
    var truth: Int
    var iou: Double
  }

  /// Ground truth, matched or not.
  let truths: Int
  private(set) var candidates: [Candidate] = []
  /// Where each detection's candidates end.
  private var ends: [Int] = []

  /// - Parameters:
  ///   - least: the IoU below which no pair is matched.
  ///   - iou: the overlap of a detection with a truth.
  private init(detections: Int, truths: Int, least: Double, iou: (Int, Int) -> Double) {
    self.truths = truths
    ends.reserveCapacity(detections)
    for detection in 0..<detections {
      for truth in 0..<truths {
        let iou = iou(detection, truth)
        if iou >= least { candidates.append(Candidate(truth: truth, iou: iou)) }
      }
      ends.append(candidates.count)
    }
  }

  /// Boxes in COCO's form; a crowd's overlap is the share of the detection that lies in it.
  init(
    detections: [SIMD4<Double>], truths: [SIMD4<Double>], crowd: [Bool], least: Double
  ) {
    self.init(detections: detections.count, truths: truths.count, least: least) {
      let (d, t) = (detections[$0], truths[$1])
      let width = min(d.z + d.x, t.z + t.x) - max(d.x, t.x)
      if width <= 0 { return 0 }
      let height = min(d.w + d.y, t.w + t.y) - max(d.y, t.y)
      if height <= 0 { return 0 }
      let overlap = width * height
      let area = d.z * d.w
      return overlap / (crowd[$1] ? area : area + t.z * t.w - overlap)
    }
  }

  /// Masks of one image.
  init(detections: [Mask], truths: [Mask], crowd: [Bool], least: Double) {
    let detections = detections.map(BoundedMask.init)
    let truths = truths.map(BoundedMask.init)
    self.init(detections: detections.count, truths: truths.count, least: least) {
      detections[$0].iou(truths[$1], isCrowd: crowd[$1])
    }
  }

  /// What a detection may be matched with.
  subscript(detection: Int) -> ArraySlice<Candidate> {
    candidates[(detection == 0 ? 0 : ends[detection - 1])..<ends[detection]]
  }

  var detections: Int { ends.count }
}

/// A mask with what tells most pairs apart without looking at the runs.
private struct BoundedMask {
  let mask: Mask
  let bounds: PixelRect?

  init(_ mask: Mask) {
    self.mask = mask
    bounds = mask.bounds
  }

  func iou(_ other: BoundedMask, isCrowd: Bool) -> Double {
    guard let bounds, let otherBounds = other.bounds, bounds.intersection(otherBounds) != nil
    else { return 0 }
    return mask.iou(other.mask, isCrowd: isCrowd)
  }
}
