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
    precondition(limits.allSatisfy { $0 > 0 })
    var ofImage: [Int: Proposals] = [:]
    for image in proposals {
      guard dataset.image(image.imageID) != nil else {
        throw InputError(
          .badData, "the data set has no such image", at: "proposals", got: "\(image.imageID)")
      }
      guard ofImage.updateValue(image, forKey: image.imageID) == nil else {
        throw InputError(
          .badData, "an image has proposals twice", at: "proposals", got: "\(image.imageID)")
      }
    }
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
    self.limits = limits
    self.groups = groups.map { name, categories in
      Self.evaluate(ofImage, of: dataset, categories: categories, name: name, limits: limits)
    }
    protocolName =
      "proposal average recall, class-agnostic, IoU 0.50:0.95, at most "
      + limits.map(String.init).joined(separator: "/") + " proposals an image, area all"
  }

  private static func evaluate(
    _ proposals: [Int: Proposals], of dataset: COCODataset, categories: Set<Int>, name: String,
    limits: [Int]
  ) -> Group {
    var found = limits.map { _ in 0 }
    var total = 0
    for image in dataset.images {
      let truths = dataset.annotations(of: image.id).filter {
        categories.contains($0.categoryID) && !$0.isCrowd
      }
      total += truths.count
      guard !truths.isEmpty, let regions = proposals[image.id]?.regions else { continue }
      let outcomes = outcomes(regions.prefix(limits.max() ?? 0), truths: truths)
      for (index, limit) in limits.enumerated() {
        found[index] += outcomes.prefix(limit).reduce(0) { $0 + $1.matched.nonzeroBitCount }
      }
    }
    let thresholds = Double(COCONumbers.iouThresholds.count)
    return Group(
      name: name, truths: total,
      recall: found.map {
        total == 0 ? absentScore : Double($0) / Double(total) / thresholds
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
