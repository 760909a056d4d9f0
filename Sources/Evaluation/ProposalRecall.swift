public import Datasets
public import Regions
public import Support

/// How much of the ground truth class-agnostic proposals cover: average recall by COCO's protocol
/// without categories, apart for base and novel objects.
public struct ProposalRecall: Codable, Equatable, Sendable {
  /// The recall of one group of categories.
  public struct Group: Codable, Equatable, Sendable {
    /// "base", "novel" or "all".
    public var name: String
    /// Ground-truth boxes of the group, crowds not counted.
    public var truths: Int
    /// One value a limit, in 0...1; -1 without ground truth.
    public var recall: [Double]
  }

  /// What was measured.
  public let protocolName: String
  /// How many proposals per image count.
  public let limits: [Int]
  /// Base and novel where there is a split, and all.
  public let groups: [Group]

  private enum CodingKeys: String, CodingKey {
    case protocolName = "protocol"
    case limits, groups
  }

  /// Evaluates proposals on all images of a data set; an image without proposals has its objects
  /// missed.
  ///
  /// - Parameters:
  ///   - proposals: best first, each image at most once.
  ///   - split: which objects to report apart; objects of neither list do not count.
  ///   - limits: numbers of proposals, above zero.
  /// - Throws: `InputError` for an image the data set has not or that is given twice.
  public init(
    _ proposals: [Proposals], of dataset: COCODataset, split: CategorySplit? = nil,
    limits: [Int] = [100, 300, 1000]
  ) throws(InputError) {
    var sum = ProposalRecallSum(of: dataset, split: split, limits: limits)
    for image in proposals { try sum.add(image) }
    self = sum.recall
  }

  fileprivate init(limits: [Int], groups: [Group]) {
    (self.limits, self.groups) = (limits, groups)
    protocolName =
      "proposal average recall, class-agnostic, IoU 0.50:0.95, at most "
      + limits.map(String.init).joined(separator: "/") + " proposals an image, area all"
  }
}

/// Adds recall up image by image, so that one image's proposals are in memory at a time.
public struct ProposalRecallSum: Sendable {
  /// Some categories and what was found of them.
  private struct Group: Sendable {
    let name: String
    let categories: Set<Int>
    /// Thresholds that objects were found at, one number a limit.
    var found: [Int]
  }

  private let dataset: COCODataset
  private let limits: [Int]
  private var groups: [Group]
  private var seen = Set<Int>()

  /// - Parameters:
  ///   - split: which objects to report apart; objects of neither list do not count.
  ///   - limits: numbers of proposals, above zero.
  public init(
    of dataset: COCODataset, split: CategorySplit? = nil, limits: [Int] = [100, 300, 1000]
  ) {
    precondition(limits.allSatisfy { $0 > 0 })
    (self.dataset, self.limits) = (dataset, limits)
    let idOfName = Dictionary(
      dataset.categories.map { ($0.name, $0.id) }, uniquingKeysWith: { first, _ in first })
    func ids(_ names: [String]) -> Set<Int> { Set(names.compactMap { idOfName[$0] }) }
    let groups: [(String, Set<Int>)] =
      if let split {
        [
          ("base", ids(split.base)), ("novel", ids(split.novel)),
          ("all", ids(split.base + split.novel)),
        ]
      } else {
        [("all", Set(dataset.categories.map(\.id)))]
      }
    self.groups = groups.map { name, categories in
      Group(name: name, categories: categories, found: limits.map { _ in 0 })
    }
  }

  /// Adds an image's proposals, best first.
  ///
  /// - Throws: `InputError` for an image the data set has not or that is given twice.
  public mutating func add(_ image: Proposals) throws(InputError) {
    guard dataset.image(image.imageID) != nil else {
      throw InputError(
        .badData, "the data set has no such image", at: "proposals", got: "\(image.imageID)")
    }
    guard seen.insert(image.imageID).inserted else {
      throw InputError(
        .badData, "an image has proposals twice", at: "proposals", got: "\(image.imageID)")
    }
    for group in groups.indices {
      let truths = truths(of: image.imageID, groups[group].categories)
      if truths.isEmpty { continue }
      let outcomes = Self.outcomes(image.regions.prefix(limits.max() ?? 0), truths: truths)
      for (index, limit) in limits.enumerated() {
        groups[group].found[index] += outcomes.prefix(limit).reduce(0) {
          $0 + $1.matched.nonzeroBitCount
        }
      }
    }
  }

  private func truths(of image: Int, _ categories: Set<Int>) -> [COCODataset.Annotation] {
    dataset.annotations(of: image).filter { categories.contains($0.categoryID) && !$0.isCrowd }
  }

  /// Of all images of the data set; one without proposals has its objects missed.
  public var recall: ProposalRecall {
    let thresholds = Double(COCONumbers.iouThresholds.count)
    return ProposalRecall(
      limits: limits,
      groups: groups.map { group in
        let total = dataset.annotations.count {
          group.categories.contains($0.categoryID) && !$0.isCrowd
        }
        return ProposalRecall.Group(
          name: group.name, truths: total,
          recall: group.found.map {
            total == 0 ? absentScore : Double($0) / Double(total) / thresholds
          })
      })
  }

  /// Objects that do not count only take what is left over, so they can be left out.
  private static func outcomes(
    _ regions: ArraySlice<Region>, truths: [COCODataset.Annotation]
  ) -> [DetectionOutcome] {
    let none = [Bool](repeating: false, count: truths.count)
    let overlaps = Overlaps(
      detections: regions.map { SIMD4($0.box.xywh) }, truths: truths.map { SIMD4($0.bbox) },
      crowd: none,
      least: COCONumbers.iouThresholds[0])
    return matchGreedily(
      overlaps, thresholds: COCONumbers.iouThresholds, ignored: none, crowd: none)
  }
}
