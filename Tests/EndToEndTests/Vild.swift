import Foundation
import Support
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#endif

/// Tests that run the built program as a user would. One after the other: each takes all cores for a
/// time. Those that disturb it are `Faults`, which run beside these, since starting, loading and writing
/// leave a core without work.
@Suite(.serialized) enum EndToEnd {}

/// The program, running or ended.
final class Vild {
  private let process: ChildProcess
  private let arguments: [String]
  private let folder: String
  private static let program = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
    .deletingLastPathComponent().appending(path: "vild").path

  /// Starts the program beside the test's own binary.
  ///
  /// - Parameters:
  ///   - shell: a command that ends in running `"$0" "$@"`, the program with its arguments, under limits
  ///     or with other streams; it is to `exec`, so that signals reach the program.
  ///   - output: where standard output goes instead of a file, for `Outcome.output` is read from that.
  ///   - errors: the same of standard error.
  init(
    _ arguments: [String], environment: [String: String] = [:], shell: String? = nil,
    output: ChildProcess.Stream? = nil, errors: ChildProcess.Stream? = nil
  ) throws {
    self.arguments = arguments
    folder =
      FileManager.default.temporaryDirectory
      .appending(path: "vild-output-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    // Help is as wide as the terminal.
    process = try ChildProcess(
      shell == nil ? Self.program : "/bin/sh",
      (shell.map { ["-c", $0, Self.program] } ?? []) + arguments,
      environment: environment.merging(["COLUMNS": "80"]) { own, _ in own },
      output: output ?? .file("\(folder)/output"), errors: errors ?? .file("\(folder)/errors"))
  }

  deinit {
    process.signal(SIGKILL)
    process.wait()
    try? FileManager.default.removeItem(atPath: folder)
  }

  var identifier: Int32 { process.identifier }

  var isRunning: Bool { process.isRunning }

  func signal(_ code: Int32) { process.signal(code) }

  /// What it has written to standard error so far.
  private var errors: String { text("errors") }

  private func text(_ name: String) -> String {
    let bytes = FileManager.default.contents(atPath: "\(folder)/\(name)") ?? Data()
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Waits until standard error holds `text`; false when the program ended without it, or takes
  /// too long.
  func waits(for text: String, within seconds: Double = 120) -> Bool {
    let deadline = ProcessInfo.processInfo.systemUptime + seconds
    while process.isRunning && !errors.contains(text)
      && ProcessInfo.processInfo.systemUptime < deadline
    { usleep(2000) }
    return errors.contains(text)
  }

  /// Waits for the end. A program that hangs is killed.
  func ended(within seconds: Double = 120) -> Outcome {
    let deadline = ProcessInfo.processInfo.systemUptime + seconds
    while process.isRunning && ProcessInfo.processInfo.systemUptime < deadline { usleep(2000) }
    if process.isRunning {
      Issue.record("still running after \(seconds) s: \(arguments)")
      signal(SIGKILL)
    }
    let end = process.wait()
    return Outcome(
      status: end.status, wasKilled: end.wasKilled, output: text("output"), errors: errors)
  }

  /// Runs the program to its end.
  static func run(_ arguments: String...) throws -> Outcome { try Vild(arguments).ended() }
}

/// How a run of the program ended, and what it said.
struct Outcome {
  /// The exit code, or the signal's number when it was killed.
  var status: Int32
  var wasKilled: Bool
  var output: String
  var errors: String

  /// The lines on standard error that are not JSON: what went wrong.
  var complaints: [String] {
    errors.split(separator: "\n").filter { !$0.hasPrefix("{") }.map(String.init)
  }

  /// The messages among the JSON lines on standard error.
  var messages: [String] {
    errors.split(separator: "\n").compactMap { line in
      let object = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
      return object?["message"] as? String
    }
  }
}
