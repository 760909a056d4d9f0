import Foundation
public import Support

/// Fills the paper's table of methods from one pipeline: trains and evaluates what is missing, one
/// method and seed after the other, and prints the rows.
public struct CompareStage {
  private let configuration: PipelineConfiguration
  private let makeRun: (PipelineConfiguration) throws(InputError) -> Run
  /// What fills the table again.
  private let command: String
  private let report: Report

  private static let name = "compare"

  /// - Parameter pipeline: path of a pipeline file.
  /// - Throws: `InputError` as `PipelineFile` and `Run`.
  public init(
    pipeline: String, data: String, runs: String, report: Report
  ) throws(InputError) {
    configuration = try PipelineFile.load(path: pipeline)
    self.report = report
    command = [
      "vild", "compare", "--pipeline", pipeline, "--data", data, "--runs", runs,
    ].map(\.shellWord).joined(separator: " ")
    makeRun = { configuration throws(InputError) in
      try Run(configuration, data: data, runs: runs)
    }
  }

  /// - Throws: what the stages throw; what is finished stays, and is not done again.
  public func execute() throws {
    let choices = configuration.comparison
    var results: [(method: ComparedMethod, reports: [EvaluateStage.Output])] = []
    for method in choices.methods {
      let seeds = method.isTrained ? choices.seeds : Array(choices.seeds.prefix(1))
      let outputs = try seeds.map { seed in
        report.say(Self.name, "\(method.rawValue), seed \(seed)")
        return try EvaluateStage(
          makeRun(method.pipeline(from: configuration, seed: seed)), report: report
        ).ensure()
      }
      results.append((method, outputs))
    }
    let table = ComparisonTable(results.map { ($0.method, $0.reports.map(\.report)) })
    let folder = "\(try makeRun(configuration).folder)/compare"
    try Files.createFolder(folder)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try Files.write(try encoder.encode(table), to: "\(folder)/table.json")
    try Files.write(Data(table.text.utf8), to: "\(folder)/table.md")
    report.say(Self.name, "wrote \(folder)/table.md and table.json")
    print(table.text, terminator: "")
    try writePage(of: results.map(\.method), to: "\(folder)/report.html")
  }

  /// The page shows the first seed of every method.
  private func writePage(of methods: [ComparedMethod], to path: String) throws {
    let seed = configuration.comparison.seeds[0]
    let runs = try methods.map { method in
      (name: method.rawValue, run: try makeRun(method.pipeline(from: configuration, seed: seed)))
    }
    try ReportStage(runs, command: command, output: path, report: report).execute()
  }
}
