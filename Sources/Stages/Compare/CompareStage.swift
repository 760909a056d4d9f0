import Foundation
import Pipeline
public import Support

/// Fills the paper's table of methods from one pipeline: trains and evaluates what is missing, one
/// method and seed after the other or in several processes, and prints the rows.
public struct CompareStage {
  private let chain: Chain
  private var run: Run { chain.run }
  private var configuration: PipelineConfiguration { run.configuration }
  /// What fills the table again.
  private let arguments: [String]
  private let report: Console

  private static let name = "compare"

  /// - Parameter pipeline: path of a pipeline file.
  /// - Throws: `InputError` as `PipelineFile` and `Run`.
  public init(
    pipeline: String, data: String, runs: String, report: Console
  ) throws(InputError) {
    self.report = report
    arguments = ["compare", "--pipeline", pipeline, "--data", data, "--runs", runs]
    chain = Chain(
      try Run(PipelineFile.load(path: pipeline), data: data, runs: runs, source: pipeline),
      report: report)
  }

  /// What the folder of the table is named by; the evaluations come to it.
  static func inputs(_ configuration: PipelineConfiguration) -> StageInputs {
    var inputs = StageInputs()
    inputs.add("pipeline", PipelineFile.resolved(configuration.ofResults))
    return inputs
  }

  /// - Parameter workers: processes that train and evaluate side by side, each with its share of the
  ///   cores.
  /// - Throws: what the stages throw; what is finished stays, and is not done again.
  public func execute(workers: Int = 1) throws {
    let errand = Errand(run, Self.name)
    if let known = errand.receipt?.results["folder"],
      let finished = StageFolder(finishedAt: "\(run.root)/\(known)")
    {
      report.say(Self.name, "up to date: \(finished.path)")
      return try StandardOutput.write(
        String(decoding: try finished.read(Self.tables[1]), as: UTF8.self))
    }
    let choices = configuration.comparison
    var inputs = Self.inputs(configuration)
    let path = run.folder(Self.name, inputs)
    let lock = try StageFolder(path, stage: Self.name, inputs: inputs).lock()
    defer { withExtendedLifetime(lock) {} }
    if workers > 1 { try evaluate(workers: workers, logs: "\(path)/logs") }
    let rows = choices.methods.map { method in
      (method, chains: choices.seeds(of: method).map { ($0, row(method, seed: $0)) })
    }
    let results = try rows.map { method, chains in
      let outputs = try chains.map { seed, row in
        report.say(Self.name, "\(method.rawValue), seed \(seed)")
        let output = try row.evaluation()
        inputs.add("\(method.rawValue), seed \(seed)", hash: output.results.inputs.hash)
        return output
      }
      return (method: method, reports: outputs.map(\.report))
    }
    let table = ComparisonTable(results)
    let folder = StageFolder(path, stage: Self.name, inputs: inputs, source: run.source)
    if try !folder.isDone(report) {
      try folder.begin(configuration)
      try folder.reopen()
      try write(table, to: folder)
      report.say(Self.name, "wrote \(path)/table.md and table.json")
    }
    // The page shows the first seed of every method.
    try writePage(of: rows.map { ($0.0.rawValue, $0.chains[0].1) }, to: folder.file(Self.page))
    if !folder.isUpToDate { try folder.finish(outputs: Self.tables + [Self.page]) }
    run.workspace.use(stage: folder.path)
    errand.finish(saying: ["folder": PathText.below(run.root, folder.path)])
    try StandardOutput.write(table.text)
  }

  private static let (tables, page) = (["table.json", "table.md"], "report.html")

  private func write(_ table: ComparisonTable, to folder: StageFolder) throws {
    try Files.write(JSONDocument.pretty(table), to: folder.file(Self.tables[0]))
    try Files.write(Data(table.text.utf8), to: folder.file(Self.tables[1]))
  }

  /// Trains and evaluates one student's rows, as a process that `execute(workers:)` started.
  ///
  /// - Parameter student: by its name in `ComparisonConfiguration.students`.
  public func work(for student: String) throws {
    guard let student = configuration.comparison.students.first(where: { $0.name == student })
    else { throw InputError(.usage, "the comparison has no such student", got: "'\(student)'") }
    for method in student.methods { _ = try row(method, seed: student.seed).evaluation() }
  }

  private func row(_ method: ComparedMethod, seed: UInt64) -> Chain {
    chain.with(method.pipeline(from: configuration, seed: seed))
  }

  /// Evaluates what is missing in several processes, after what all of them need.
  private func evaluate(workers count: Int, logs: String) throws {
    _ = try chain.proposals()
    let choices = configuration.comparison
    if choices.methods.contains(where: \.distils) {
      _ = try chain.cache()
    }
    try Files.createFolder(logs)
    try ComparisonWorkers(count: count, report: report).run(
      choices.students.map { student in
        ComparisonWorkers.Job(
          name: student.name, arguments: arguments + ["--work-for", student.name],
          log: "\(logs)/\(student.name).log")
      })
  }

  private func writePage(of rows: [(name: String, chain: Chain)], to path: String) throws {
    let command = (["vild"] + arguments).map(\.shellWord).joined(separator: " ")
    try ReportStage(
      rows, title: "\(configuration.name): \(rows.count.counted("method"))", command: command,
      output: path, report: report
    ).execute()
  }
}
