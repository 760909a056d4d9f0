import Datasets
public import Evaluation
public import Support

extension EvaluateStage {
  /// Evaluates detections that are already there, from any detector.
  ///
  /// - Parameters:
  ///   - detections: COCO results.
  ///   - split: JSON with the lists `base` and `novel`; nil evaluates all categories.
  ///   - protocol: nil for that of the annotations' form.
  ///   - choice: of boxes and masks; nil for what all objects and detections have.
  ///   - thresholds: to be chosen by the annotations as well.
  ///   - isStrict: whether what is otherwise passed over with a word is an error.
  ///   - report: is told what is passed over.
  ///   - timing: whether it is told how long it took.
  public static func evaluate(
    detections: String, annotations: String, split: String?, by protocol: EvaluationProtocol?,
    comparing choice: ComparedShapes.Choice?, thresholds: ThresholdChoice? = nil, isStrict: Bool,
    report: Console, timing: Bool
  ) throws -> EvaluationReport {
    let clock = ContinuousClock()
    let start = clock.now
    let passedOver = PassedOver(isStrict: isStrict)
    let dataset = try COCODataset(path: annotations, passingOver: passedOver)
    let split = try split.map { path throws(InputError) in
      try CategorySplit(path: path, of: dataset.categories.map(\.name))
    }
    let results = try DetectionResults(path: detections, of: dataset, passingOver: passedOver)
    let read = clock.now
    let result = try EvaluationReport(
      of: results, dataset, by: `protocol`, comparing: choice, split: split
    ) { report.warn(name, $0) }
    // Outlines are read while they are compared.
    for line in passedOver.lines { report.warn(name, line) }
    try thresholds?.write(
      results, of: dataset, by: `protocol` ?? EvaluationProtocol(naturalFor: dataset),
      split: split, report: report)
    if timing {
      report.say(name, "read in \(read - start), evaluated in \(clock.now - read)")
    }
    return result
  }
}
