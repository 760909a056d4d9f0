public import Datasets
public import Support

/// Average precision and recall of detections by one protocol, of boxes or of masks: the numbers of
/// `pycocotools` and `lvis-api` but for the rounding of sums.
///
/// Scores are in 0...1; -1 stands where there is no ground truth. (Those tools count a match to an
/// annotation with id 0 as no match; here it is one.)
public struct DetectionEvaluation: Codable, Equatable, Sendable {
  /// The scores of a group of categories: means over those that have ground truth.
  public struct Group: Codable, Equatable, Sendable {
    /// "base" and "novel" where there is a split; "rare", "common" and "frequent" where the data set
    /// says how frequent its categories are; "all".
    public var name: String
    /// How many categories the group has.
    public var categories: Int
    /// How many of them have ground truth.
    public var evaluated: Int
    /// One number a figure of the protocol, by its name, such as "AP50".
    public var scores: [String: Double]

    /// Average precision over the protocol's IoUs; Pascal VOC has one only, `ap50`.
    public var ap: Double { scores["AP"] ?? ap50 }
    /// Average precision at IoU 0.50.
    public var ap50: Double { scores["AP50"] ?? absentScore }
  }

  /// One category's scores.
  public struct Category: Codable, Equatable, Sendable {
    /// The data set's id.
    public var id: Int
    /// The data set's name.
    public var name: String
    /// "base" or "novel" where there is a split.
    public var group: String?
    /// LVIS only.
    public var frequency: COCODataset.Category.Frequency?
    /// Ground truth that counts: no crowds, no difficult objects.
    public var truths: Int
    /// Detections that were judged.
    public var detections: Int
    /// As a group's.
    public var scores: [String: Double]
  }

  /// By which rules.
  public let `protocol`: EvaluationProtocol
  /// What was compared.
  public let iouType: IoUType
  /// The rules and the categories in words.
  public let statement: String
  /// The names of the scores, in the protocol's order.
  public let figures: [String]
  /// "all" is the last.
  public let groups: [Group]
  /// The evaluated categories, sorted by id.
  public let categories: [Category]
  /// From which score on detections are worth most; of boxes only.
  public let thresholds: ScoreThresholds?

  private enum CodingKeys: String, CodingKey {
    case `protocol`, statement, figures, groups, categories, thresholds
    case iouType = "iou_type"
  }

  /// Evaluates detections on all images of a data set.
  ///
  /// Complexity: O(n log n) in the detections, plus all pairs within an image and category; shared
  /// out over the cores. The result does not depend on their number.
  /// - Parameters:
  ///   - results: of any order; equal scores count in the order given.
  ///   - split: the categories to evaluate, in two groups; nil for all. Detections of others do not
  ///     count.
  /// - Throws: `InputError` for a detection of an image the data set has not, a bad box or score, a
  ///   missing mask, and LVIS's protocol where the data set does not say what it was searched for.
  public init(
    _ results: DetectionResults, of dataset: COCODataset, by protocol: EvaluationProtocol,
    _ iouType: IoUType = .box, split: CategorySplit? = nil
  ) throws(InputError) {
    guard `protocol` != .lvis || dataset.isFederated else {
      throw InputError(
        .badData, "LVIS's protocol needs images that say what they were searched for",
        at: dataset.source, expected: "neg_category_ids and not_exhaustive_category_ids",
        got: dataset.whyNotFederated,
        hint: "evaluate by another protocol")
    }
    let members = split.map { Set($0.base + $0.novel) }
    let evaluated = dataset.categories.filter { members?.contains($0.name) ?? true }
    let columns = Dictionary(uniqueKeysWithValues: zip(evaluated.map(\.id), evaluated.indices))
    let rules = EvaluationRules(`protocol`)
    let judged = try JudgedDetections(
      results, of: dataset, columns: columns, rules: rules, type: iouType)
    let scores = Self.scores(judged, columns: columns.count, rules: rules)
    self.protocol = `protocol`
    self.iouType = iouType
    figures = rules.figures
    let base = Set(split?.base ?? [])
    let categories = zip(evaluated, scores).map { category, score in
      Category(
        id: category.id, name: category.name,
        group: split.map { _ in base.contains(category.name) ? "base" : "novel" },
        frequency: category.frequency, truths: score.truths, detections: score.detections,
        scores: Dictionary(uniqueKeysWithValues: zip(rules.figures, score.values)))
    }
    self.categories = categories
    thresholds = iouType == .box ? Self.thresholds(judged, scores, of: evaluated) : nil
    groups = Self.groups(of: categories, rules: rules)
    statement =
      rules.statement(iouType) + ", "
      + (split == nil ? "all" : "\(evaluated.count) of \(dataset.categories.count)")
      + " categories"
  }

  private static func scores(
    _ judged: JudgedDetections, columns: Int, rules: EvaluationRules
  ) -> [CategoryScores] {
    // Sorted by category; within one, detections keep their order.
    var starts = [Int](repeating: 0, count: columns + 1)
    for detection in judged.detections { starts[Int(detection.column) + 1] += 1 }
    for column in 0..<columns { starts[column + 1] += starts[column] }
    var order = [Int32](repeating: 0, count: judged.detections.count)
    var next = starts
    for (index, detection) in judged.detections.enumerated() {
      order[next[Int(detection.column)]] = Int32(index)
      next[Int(detection.column)] += 1
    }
    let (byCategory, ranges) = (order, starts)
    return Parallel.map(columns) { column in
      let detections = byCategory[ranges[column]..<ranges[column + 1]].map {
        judged.detections[Int($0)]
      }
      let areas = rules.areas.count
      return CategoryScores(
        detections, truths: Array(judged.truths[column * areas..<(column + 1) * areas]),
        rules: rules)
    }
  }

  private static func thresholds(
    _ judged: JudgedDetections, _ scores: [CategoryScores], of categories: [COCODataset.Category]
  ) -> ScoreThresholds {
    let counted = judged.detections.compactMap { found in
      found.isRight.map { (score: found.score, isRight: $0) }
    }.sorted { $0.score > $1.score }
    let own = zip(categories, scores).compactMap { category, scores in
      scores.threshold.map { (category.name, $0) }
    }
    return ScoreThresholds(
      all: ScoreThresholds.Threshold(counted, truths: scores.reduce(0) { $0 + $1.truths }),
      categories: Dictionary(own) { first, _ in first })
  }

  private static func groups(of categories: [Category], rules: EvaluationRules) -> [Group] {
    func group(_ name: String, _ isMember: (Category) -> Bool) -> Group {
      let members = categories.filter(isMember)
      let scores = rules.figures.map { figure in
        (figure, meanScore(members.map { $0.scores[figure] ?? absentScore }))
      }
      return Group(
        name: name, categories: members.count, evaluated: members.count { $0.truths > 0 },
        scores: Dictionary(uniqueKeysWithValues: scores))
    }
    var groups: [Group] = []
    if categories.contains(where: { $0.group != nil }) {
      groups += ["base", "novel"].map { name in group(name) { $0.group == name } }
    }
    if categories.contains(where: { $0.frequency != nil }) {
      groups += COCODataset.Category.Frequency.allCases.map { frequency in
        group("\(frequency)") { $0.frequency == frequency }
      }
    }
    return groups + [group("all") { _ in true }]
  }
}
