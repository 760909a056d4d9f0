import Evaluation
import Support

extension EvaluateStage {
  /// Detects what is not detected yet, evaluates unless that has been done by the same protocol, and
  /// prints the table.
  ///
  /// - Parameter categories: whether each category has a row; nil lists up to 30 of them.
  public func execute(categories: Bool? = nil) throws {
    // Other data sets and students are looked at each time.
    let errand =
      target == nil && student == nil
      ? Errand(run, Self.name, choosing: [chosen?.rawValue ?? ""]) : nil
    if let known = errand?.receipt?.results, let report = finishedReport(known) {
      return try StandardOutput.write(report.table(categories: categories))
    }
    let output = try ensure(sayingSo: true)
    errand?.finish(saying: [
      "folder": PathText.below(run.root, output.folder.path),
      "results": PathText.below(run.root, output.results.path),
    ])
    try StandardOutput.write(output.report.table(categories: categories))
  }

  /// The report that a receipt tells of, with what is said of it; nil where it cannot be read.
  private func finishedReport(_ known: [String: String]) -> EvaluationReport? {
    guard let folder = known["folder"],
      let results = known["results"].flatMap({ StageFolder(finishedAt: "\(run.root)/\($0)") }),
      let found = self.known(in: results)
    else { return nil }
    found.confident?.warning.map { report.warn(Self.name, $0) }
    report.say(Self.name, "up to date: \(run.root)/\(folder)")
    return found
  }
}
