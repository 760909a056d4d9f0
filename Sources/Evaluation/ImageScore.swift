public import Datasets
public import Regions

/// How the detections of one image fare against its objects, to tell images apart: the F1 score of
/// boxes at IoU 0.5. No protocol's number.
///
/// Detections, best first, take the object of their category that they overlap most among those
/// left, as in COCO's evaluation. Neither right nor wrong are detections of crowds and of objects
/// marked as ignored, and, where a data set is federated as LVIS is, wrong ones of categories that
/// the image was not searched for, or not for every object.
public struct ImageScore: Equatable, Sendable {
  /// How one detection fares.
  public enum Judgement: Sendable {
    case right, wrong, ignored
  }

  /// One a detection, in the order given.
  public let judgements: [Judgement]
  /// Whether each object has a detection, in the order given; also of those that do not count.
  public let isFound: [Bool]
  /// Detections that are right.
  public let right: Int
  /// Detections that are wrong.
  public let wrong: Int
  /// Objects that count and were not found.
  public let missed: Int

  /// The harmonic mean of precision and recall; nil where there is nothing to find and nothing wrong.
  public var f1: Double? {
    let sum = 2 * right + wrong + missed
    return sum == 0 ? nil : 2 * Double(right) / Double(sum)
  }

  /// - Parameters:
  ///   - detections: boxes with the data set's category ids, best first.
  ///   - truths: the objects of the image.
  public init(
    of detections: [(box: Box, categoryID: Int)], truths: [COCODataset.Annotation],
    in image: COCODataset.Image
  ) {
    var judgements = [Judgement](repeating: .wrong, count: detections.count)
    var isFound = [Bool](repeating: false, count: truths.count)
    for category in Set(detections.map(\.categoryID)) {
      let found = detections.indices.filter { detections[$0].categoryID == category }
      let objects = truths.indices.filter { truths[$0].categoryID == category }
      let crowd = objects.map { truths[$0].isCrowd }
      let ignored = objects.map { truths[$0].isCrowd || truths[$0].isIgnored }
      let overlaps = Overlaps(
        detections: found.map { SIMD4(detections[$0].box.xywh) },
        truths: objects.map { SIMD4(truths[$0].bbox) }, crowd: crowd, least: 0.5)
      let matches = bestMatches(overlaps, ignored: ignored, crowd: crowd)
      let isSearched = image.isSearched(for: category, objects: objects.count)
      for (detection, match) in zip(found, matches) {
        if let match {
          isFound[objects[match]] = true
          judgements[detection] = ignored[match] ? .ignored : .right
        } else if !isSearched {
          judgements[detection] = .ignored
        }
      }
    }
    self.judgements = judgements
    self.isFound = isFound
    right = judgements.count { $0 == .right }
    wrong = judgements.count { $0 == .wrong }
    missed = truths.indices.count {
      !isFound[$0] && !truths[$0].isCrowd && !truths[$0].isIgnored
    }
  }
}

/// The object that each detection takes, as `matchGreedily` at one threshold, which does not say
/// which.
private func bestMatches(_ overlaps: Overlaps, ignored: [Bool], crowd: [Bool]) -> [Int?] {
  var taken = Set<Int>()
  return (0..<overlaps.detections).map { detection in
    func best(isIgnored: Bool) -> Int? {
      overlaps[detection].filter {
        ignored[$0.truth] == isIgnored && (crowd[$0.truth] || !taken.contains($0.truth))
      }.max { $0.iou < $1.iou }?.truth
    }
    let match = best(isIgnored: false) ?? best(isIgnored: true)
    if let match { taken.insert(match) }
    return match
  }
}

extension COCODataset.Image {
  /// Whether every object of a category is annotated; always so where the data set does not say.
  fileprivate func isSearched(for category: Int, objects: Int) -> Bool {
    if notExhaustiveCategoryIDs?.contains(category) == true { return false }
    return objects > 0 || negativeCategoryIDs.map { $0.contains(category) } ?? true
  }
}
