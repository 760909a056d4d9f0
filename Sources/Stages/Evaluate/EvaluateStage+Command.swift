import Evaluation
import Pipeline
import Support

extension EvaluateStage {
  /// Detects what is not detected yet, evaluates unless that has been done by the same protocol, and
  /// prints the table.
  ///
  /// - Parameters:
  ///   - categories: whether each category has a row; nil lists up to 30 of them.
  ///   - thresholds: the scores that are chosen as well; nil for none.
  public static func execute(
    _ chain: Chain, _ choice: Choice, categories: Bool? = nil, choosing thresholds: ThresholdChoice?
  ) throws {
    let run = chain.run
    let rules = choice.rules ?? run.configuration.evaluation.chosen
    // Other data sets and students are looked at each time, and thresholds are chosen each time.
    let errand =
      choice.target == nil && choice.student == nil && thresholds == nil
      ? Errand(run, name, choosing: [rules?.rawValue ?? ""]) : nil
    if let known = errand?.receipt?.results, let found = finishedReport(known, of: chain) {
      return try StandardOutput.write(found.table(categories: categories))
    }
    let output = try chain.evaluation(choice, sayingSo: true)
    errand?.finish(saying: [
      "folder": PathText.below(run.root, output.folder.path),
      "results": PathText.below(run.root, output.results.path),
    ])
    try StandardOutput.write(output.report.table(categories: categories))
    if let thresholds { try output.write(thresholds, report: chain.report) }
  }

  /// The report that a receipt tells of, with what is said of it; nil where it cannot be read.
  private static func finishedReport(
    _ saying: [String: String], of chain: Chain
  ) -> EvaluationReport? {
    let (runs, report) = (chain.run.root, chain.report)
    guard let folder = saying["folder"],
      let results = saying["results"].flatMap({ StageFolder(finishedAt: "\(runs)/\($0)") }),
      let found = known(in: results)
    else { return nil }
    found.confident?.warning.map { report.warn(name, $0) }
    report.say(name, "up to date: \(runs)/\(folder)")
    return found
  }
}
