/// The numbers that COCO's detection evaluation fixes, to the last bit as `pycocotools` has them.
enum COCOProtocol {
  /// IoU 0.50 to 0.95: ten evenly spaced numbers, spaced as NumPy does it.
  static let iouThresholds: [Double] = {
    let step = (0.95 - 0.5) / 9
    return (0..<9).map { Double($0) * step + 0.5 } + [0.95]
  }()
  /// Positions of IoU 0.50 and 0.75 among the thresholds.
  static let (half, threeQuarters) = (0, 5)

  /// Recall 0 to 1 in steps of 0.01.
  static let recallPoints: [Double] = (0..<100).map { Double($0) * 0.01 } + [1]

  /// Detections of an image and category that count, best first.
  static let detectionLimits = [1, 10, 100]

  /// Object areas in square pixels, both ends included.
  enum AreaRange: Int, CaseIterable {
    case all, small, medium, large

    var bounds: ClosedRange<Double> {
      switch self {
      case .all: 0...1e10
      case .small: 0...1024
      case .medium: 1024...9216
      case .large: 9216...1e10
      }
    }
  }

  /// What stands for a score where there is no ground truth.
  static let absent = -1.0

  /// The mean of the scores that are there; `absent` when none is.
  static func mean(_ scores: some Sequence<Double>) -> Double {
    let present = scores.filter { $0 > absent }
    return present.isEmpty ? absent : present.reduce(0, +) / Double(present.count)
  }
}
