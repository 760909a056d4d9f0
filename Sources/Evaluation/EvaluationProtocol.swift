public import Datasets

/// By which rules detections are judged; published numbers name one.
public enum EvaluationProtocol: String, Codable, CaseIterable, Sendable {
  /// COCO's, as in `pycocotools`: the mean over IoU 0.50:0.95, at most 100 detections an image and
  /// category. Objects365 is evaluated so, too.
  case coco
  /// LVIS's, as in `lvis-api`: at most 300 detections an image over all categories; a category counts
  /// in the images that were searched for it, and where not every object of it is annotated, nothing
  /// is wrong.
  case lvis
  /// Pascal VOC's since 2010: IoU 0.50, the area under the whole curve of precision and recall.
  case voc
  /// Pascal VOC's until 2009: the mean of the precision at eleven recalls.
  case voc2007

  /// What a data set of this form is evaluated by, when nobody says otherwise.
  public init(naturalFor dataset: COCODataset) {
    self = dataset.isFederated ? .lvis : dataset.isVOC ? .voc : .coco
  }

  /// What the user should know of the natural protocol of a data set that is LVIS's in part; nil of
  /// others.
  public static func note(on dataset: COCODataset) -> String? {
    dataset.whyNotFederated.map {
      "by COCO's protocol, as LVIS's needs every image to say what it was searched for: \($0)"
    }
  }
}

/// What of an object is compared with the ground truth.
public enum IoUType: String, Codable, CaseIterable, Sendable {
  case box = "bbox"
  case mask = "segm"
}

/// A protocol in numbers.
struct EvaluationRules: Sendable {
  let `protocol`: EvaluationProtocol
  /// Whether matching and curve are Pascal VOC's.
  let isVOC: Bool
  let iouThresholds: [Double]
  /// Object areas in square pixels, both ends included; the first is of all objects.
  let areas: [ClosedRange<Double>]
  /// Detections of an image and category that count, best first.
  let limitPerCategory: Int?
  /// Detections of an image that count, best first.
  let limitPerImage: Int?
  /// Smaller limits an image and category at which recall is told, too.
  let recallLimits: [Int]
  /// The names of the numbers, in the order in which they are told.
  let figures: [String]

  init(_ protocol: EvaluationProtocol) {
    self.protocol = `protocol`
    switch `protocol` {
    case .coco:
      (limitPerCategory, limitPerImage, recallLimits) = (100, nil, [1, 10])
      figures = [
        "AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100", "ARs", "ARm", "ARl",
      ]
    case .lvis:
      (limitPerCategory, limitPerImage, recallLimits) = (nil, 300, [])
      figures = [
        "AP", "AP50", "AP75", "APs", "APm", "APl", "AR@300", "ARs@300", "ARm@300", "ARl@300",
      ]
    case .voc, .voc2007:
      (limitPerCategory, limitPerImage, recallLimits) = (nil, nil, [])
      figures = ["AP50"]
    }
    isVOC = `protocol` == .voc || `protocol` == .voc2007
    iouThresholds = isVOC ? [0.5] : COCONumbers.iouThresholds
    areas = isVOC ? [0...(.infinity)] : COCONumbers.areas
  }

  /// Whether a category only counts in the images that were searched for it.
  var isFederated: Bool { `protocol` == .lvis }

  /// Whether an object or a detection of this area is there at all; `lvis-api` passes over those
  /// without area.
  func exists(area: Double) -> Bool { `protocol` != .lvis || area > 0 }

  /// Whether an object is drawn around many, so that the share of a detection inside it counts.
  func isCrowd(_ annotation: COCODataset.Annotation) -> Bool {
    `protocol` == .coco && annotation.isCrowd
  }

  /// Whether a detection of the object counts neither as right nor as wrong.
  func isIgnored(_ annotation: COCODataset.Annotation) -> Bool {
    switch `protocol` {
    case .coco: annotation.isCrowd
    case .lvis: annotation.isIgnored
    case .voc, .voc2007: annotation.isCrowd || annotation.isIgnored
    }
  }

  /// The protocol in words, for the line above the numbers.
  func statement(_ type: IoUType) -> String {
    let kind = type == .box ? "box" : "mask"
    switch `protocol` {
    case .coco:
      return
        "COCO \(kind) AP, IoU 0.50:0.95, at most 100 detections an image and category, area all"
    case .lvis:
      return "LVIS \(kind) AP, IoU 0.50:0.95, at most 300 detections an image over all categories, "
        + "area all, federated"
    case .voc:
      return "Pascal VOC \(kind) AP, IoU 0.50, all detections, area under the curve, "
        + "difficult objects ignored"
    case .voc2007:
      return "Pascal VOC \(kind) AP, IoU 0.50, all detections, 11 points, difficult objects ignored"
    }
  }
}

/// The numbers that COCO's evaluation fixes, to the last bit as `pycocotools` has them; LVIS's has
/// the same.
enum COCONumbers {
  /// IoU 0.50 to 0.95: ten evenly spaced numbers, spaced as NumPy does it.
  static let iouThresholds: [Double] = {
    let step = (0.95 - 0.5) / 9
    return (0..<9).map { Double($0) * step + 0.5 } + [0.95]
  }()
  /// Positions of IoU 0.50 and 0.75 among the thresholds.
  static let (half, threeQuarters) = (0, 5)

  /// Recall 0 to 1 in steps of 0.01.
  static let recallPoints: [Double] = (0..<100).map { Double($0) * 0.01 } + [1]

  /// All, small, medium and large objects.
  static let areas: [ClosedRange<Double>] = [0...1e10, 0...1024, 1024...9216, 9216...1e10]
}

/// Scores are in 0...1; where there is no ground truth, this stands for one.
let absentScore = -1.0

/// The mean of the scores that are there; `absentScore` when none is.
func meanScore(_ scores: some Sequence<Double>) -> Double {
  let present = scores.filter { $0 > absentScore }
  return present.isEmpty ? absentScore : present.reduce(0, +) / Double(present.count)
}
