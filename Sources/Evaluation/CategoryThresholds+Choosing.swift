public import Datasets
public import Support

extension CategoryThresholds {
  /// Chooses scores by a data set: one for all names together, and one of its own for each with at
  /// least `ScoreThresholds.leastTruths` objects. Boxes are compared.
  ///
  /// - Parameters:
  ///   - protocol: whose detections and objects count.
  ///   - split: the categories that count; nil for all.
  /// - Throws: `InputError` as `DetectionEvaluation`.
  public init(
    _ results: DetectionResults, of dataset: COCODataset, by protocol: EvaluationProtocol,
    split: CategorySplit? = nil, reaching target: ThresholdTarget
  ) throws(InputError) {
    let members = split.map { Set($0.base + $0.novel) }
    let evaluated = dataset.categories.filter { members?.contains($0.name) ?? true }
    let rules = EvaluationRules(`protocol`)
    let judged = try JudgedDetections(
      results, of: dataset,
      columns: Dictionary(uniqueKeysWithValues: zip(evaluated.map(\.id), evaluated.indices)),
      rules: rules, type: .box)
    var found = evaluated.map { _ in [(score: Double, isRight: Bool)]() }
    for detection in judged.detections {
      if let isRight = detection.isRight {
        found[Int(detection.column)].append((detection.score, isRight))
      }
    }
    // Of all areas, the first range.
    let truths = evaluated.indices.map { judged.truths[$0 * rules.areas.count] }
    var own: [String: Threshold] = [:]
    for (index, category) in evaluated.enumerated()
    where truths[index] >= ScoreThresholds.leastTruths {
      own[category.name] = target.threshold(
        found[index].sorted { $0.score > $1.score }, truths: truths[index])
    }
    self.init(
      target: target.description,
      all: target.threshold(
        found.joined().sorted { $0.score > $1.score }, truths: truths.reduce(0, +)),
      categories: own)
  }

  /// What was chosen, in lines for people.
  public var lines: [String] {
    let target = target ?? "a score"
    var lines = ["\(categories.count.counted("name has", "names have")) a score of their own"]
    if let all, let score = all.score, let precision = all.precision, let recall = all.recall {
      lines[0] +=
        "; all others begin at \(score), where \(Self.percent(precision)) of all detections are "
        + "right and \(Self.percent(recall)) of the objects are found"
    } else {
      lines[0] += "; no score gives all names together \(target), and of others no detection counts"
    }
    let never = categories.filter { $0.value.score == nil }.keys.sorted()
    if !never.isEmpty {
      let listed = never.prefix(5).joined(separator: ", ")
      let more = never.count > 5 ? " and \(never.count - 5) more" : ""
      lines.append(
        "no score gives \(target) for \(listed)\(more), of which no detection counts")
    }
    return lines
  }

  private static func percent(_ share: Double) -> String { "\(Int((share * 100).rounded()))%" }
}
