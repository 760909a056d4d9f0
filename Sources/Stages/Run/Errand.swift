import Foundation
import Pipeline
import Support

/// A command at work on a run: what it looks at is told by what it looked like before it was read, so
/// that a receipt says nothing of files that have changed meanwhile.
struct Errand {
  private let run: Run
  private let name: String
  private let key: String
  /// What the files that the pipeline names looked like when the command began.
  private let files: [String: FileStamp?]
  private let teacher: Looks?

  /// - Parameters:
  ///   - name: the command's.
  ///   - choices: of the command line, on which results or messages depend.
  ///   - more: files that the command line names.
  init(
    _ run: Run, _ name: String, choosing choices: [String] = [], files more: [String] = []
  ) {
    (self.run, self.name) = (run, name)
    // Another program may have other rules.
    let program = FileStamp("/proc/self/exe").map { "\($0.size) \($0.modified)" } ?? ""
    key = Fingerprint.json(
      [name, program, URL(filePath: run.data).standardizedFileURL.path]
        + choices + [PipelineFile.resolved(run.configuration)])
    files = Dictionary(
      (run.configuration.files.map(run.path) + more).map { ($0, FileStamp($0)) }
    ) { first, _ in first }
    let folder = run.path(run.configuration.teacher.folder)
    teacher = Looks(at: Looks.names(below: folder).map { "\(folder)/\($0)" }, in: folder)
  }

  private var path: String { "\(run.receiptFolder)/\(run.configuration.name)-\(name).json" }

  /// What was written when the command had nothing left to do; nil where that is not so any more.
  var receipt: Receipt? {
    guard
      let receipt = SealedJSON.read(path).flatMap({
        try? JSONDecoder().decode(Receipt.self, from: $0)
      }), receipt.key == key, receipt.holds(in: run.root)
    else { return nil }
    return receipt
  }

  /// Notes that nothing is left to do. It is no harm where that cannot be written, or where files are
  /// so young that nobody could tell a change: the next time everything is read again.
  ///
  /// - Parameter results: what the command says of them, by name.
  func finish(saying results: [String: String]) {
    let used = run.workspace.used
    var known: [String: StageRecord.Output] = [:]
    for (path, stamp) in files where !Files.isFolder(path) {
      guard let file = StageRecord.Output(path, lookingLike: stamp) else { return }
      known[path] = file
    }
    guard let teacher, let looks = used.looks else { return }
    var (stages, caches): ([String: String], [String: String]) = ([:], [:])
    for path in used.stages {
      guard let record = Receipt.record(of: path) else { return }
      stages[PathText.below(run.root, path)] = record
    }
    for path in used.caches {
      guard let cache = Looks.cache(path, isSettled: true) else { return }
      caches[PathText.below(run.root, path)] = cache
    }
    let receipt = Receipt(
      key: key, files: known, looks: [teacher] + looks, stages: stages, caches: caches,
      results: results)
    guard let data = try? JSONDocument.line(receipt) else { return }
    try? Files.createFolder(run.receiptFolder)
    try? SealedJSON.write(data, to: path)
  }
}
