import Foundation
import Support
import TestSupport
import Testing

/// A command whose outputs are the same whatever happens on the way.
enum FaultStage: String, CaseIterable, CustomTestStringConvertible, CustomStringConvertible {
  case sample, propose, embed, workers, distill, evaluate, detect, labellers

  var description: String {
    switch self {
    case .workers: "embed --workers 2"
    case .labellers: "detect --workers 3"
    default: rawValue
    }
  }

  /// Whether several processes do it.
  var hasWorkers: Bool { self == .workers || self == .labellers }

  /// Whether it fills a cache, in which an image that was alone in work at two kills in a row failed, and
  /// is tried again by the next run.
  var fillsCache: Bool { [.embed, .workers, .detect, .labellers].contains(self) }

  var testDescription: String { description }

  /// Every third stage from `first` on, so that each has one of three faults in the normal tests; all of
  /// them where faults are injected for a time.
  static func some(from first: Int) -> [FaultStage] {
    Faults.seconds == nil
      ? stride(from: first, to: allCases.count, by: 3).map { allCases[$0] } : allCases
  }

  /// What has to be finished before.
  private var needed: [String] {
    switch self {
    case .sample, .propose: []
    case .embed, .workers: ["propose"]
    case .distill: ["propose", "cache"]
    case .evaluate, .detect, .labellers: ["propose", "cache", "distill"]
    }
  }

  /// The words of the command.
  func arguments(in place: Place) -> [String] {
    switch self {
    case .sample: Self.sampleArguments("\(place.runs)/sample")
    case .propose, .embed, .distill, .evaluate: place.arguments(rawValue)
    case .workers: place.arguments("embed", ["--workers", "2"])
    case .detect: place.arguments(rawValue, ["--corpus", "\(place.data)/val"])
    case .labellers:
      place.arguments("detect", ["--corpus", "\(place.data)/val", "--workers", "3"])
    }
  }

  private static func sampleArguments(_ folder: String) -> [String] {
    ["sample", "--output", folder, "--images", "100", "--val", "10", "--categories", "10"]
      + ["--size", "160"]
  }

  /// Calls `body` with a place where everything is there but this stage's outputs.
  func withPlace(_ body: (Place) throws -> Void) throws {
    try EndToEndTests.withPlace { place in
      try prepare(place)
      try body(place)
    }
  }

  /// Puts there what has to be finished before.
  func prepare(_ place: Place) throws {
    if !needed.isEmpty { try place.copyFinished(needed) }
  }

  /// - Parameter shell: as of `Vild`.
  func start(in place: Place, shell: String? = nil) throws -> Vild {
    try Vild(arguments(in: place), shell: shell)
  }

  /// About how long it takes, in milliseconds: moments are drawn from that.
  var milliseconds: UInt32 {
    switch self {
    case .sample, .evaluate, .detect: 700
    case .labellers: 1500
    case .propose: 2000
    case .embed, .workers, .distill: 2500
    }
  }

  /// What it makes, by name: bytes of files, or a content hash. Times are left out.
  func outputs(in place: Place) throws -> [String: Data] {
    switch self {
    case .sample: return try Self.files(below: "\(place.runs)/sample")
    case .propose:
      return try files(
        in: place,
        [
          "propose": ["train.jsonl", "val.jsonl", "recall.json", "images.json"],
          "proposal-network": ["proposal-network.safetensors"],
        ])
    case .embed, .workers:
      let verified = try Vild.run("cache", "verify", place.cache())
      return [
        "content": Data(try place.cacheContent().utf8),
        "verified": Data(verified.output.replacing(place.folder, with: "HERE").utf8),
      ]
    case .distill: return try files(in: place, ["distill": ["student.safetensors"]])
    case .evaluate:
      var found = try files(in: place, ["evaluate": ["detections.json", "images.json"]])
      let results = try place.results()
      for name in ["report.json", "table.txt"] {
        found[name] = try Files.read("\(results)/\(name)")
      }
      return found
    case .detect, .labellers:
      var found = try files(
        in: place, ["detect": ["detections.json", "images.json", "summary.json"]])
      found["store"] = Data(try place.storeContent().utf8)
      return found
    }
  }

  private func files(in place: Place, _ names: [String: [String]]) throws -> [String: Data] {
    var found: [String: Data] = [:]
    for (stage, files) in names {
      let folder = try place.output(stage)
      for file in files { found["\(stage)/\(file)"] = try Files.read("\(folder)/\(file)") }
    }
    return found
  }

  private static func files(below folder: String) throws -> [String: Data] {
    var found: [String: Data] = [:]
    for name in try FileManager.default.subpathsOfDirectory(atPath: folder)
    where name != ".lock" && !Files.isFolder("\(folder)/\(name)") {
      found[name] = try Files.read("\(folder)/\(name)")
    }
    return found
  }

  /// The outputs of a run that nothing disturbed.
  func undisturbed() throws -> [String: Data] {
    self == .sample
      ? try Self.wholeSample.get() : try outputs(in: FinishedRun.shared.get().place)
  }

  private static let wholeSample = Result {
    try withTemporaryFolder { folder in
      let outcome = try Vild(sampleArguments("\(folder)/whole")).ended()
      #expect(outcome.status == 0, "\(outcome.errors)")
      return try files(below: "\(folder)/whole")
    }
  }

  /// Runs the command to its end, after a fault, and compares what it made with a run that nothing
  /// disturbed. It may say once in a line that it is to be tried again.
  func completes(in place: Place, after fault: String) throws -> FaultTable.End {
    var outcome = try start(in: place).ended()
    let isRefused = outcome.isRefused
    if isRefused { outcome = try start(in: place).ended() }
    let isFinished = outcome.status == 0 && !outcome.wasKilled
    #expect(isFinished, "\(self), \(fault): \(outcome.errors)")
    guard isFinished else { return .wrong }
    let (made, expected) = (try outputs(in: place), try undisturbed())
    let different = Set(made.keys).union(expected.keys).filter { made[$0] != expected[$0] }
    #expect(different.isEmpty, "\(self), \(fault): other bytes in \(different.sorted())")
    return different.isEmpty ? (isRefused ? .refused : .right) : .wrong
  }
}

extension Outcome {
  /// Whether it ended with one line that asks to try again.
  var isRefused: Bool { status == 75 && !wasKilled && complaints.count == 1 }
}
