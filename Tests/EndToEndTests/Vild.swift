import Foundation
import Support
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#endif

/// Tests that run the built program as a user would. One after the other: each takes all cores.
@Suite(.serialized) enum EndToEnd {}

/// The program, running or ended.
final class Vild {
  private let process = Process()
  private let folder: String
  private static let program = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
    .deletingLastPathComponent().appending(path: "vild")

  /// Starts the program beside the test's own binary.
  init(_ arguments: [String]) throws {
    folder =
      FileManager.default.temporaryDirectory
      .appending(path: "vild-output-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    process.executableURL = Self.program
    process.arguments = arguments
    // Help is as wide as the terminal.
    process.environment = ProcessInfo.processInfo.environment.merging(["COLUMNS": "80"]) { $1 }
    process.standardInput = FileHandle.nullDevice
    // Files: a pipe that nobody empties would stop the program.
    process.standardOutput = try Self.handle("\(folder)/output")
    process.standardError = try Self.handle("\(folder)/errors")
    try Self.withSignalsUnblocked { try process.run() }
  }

  /// A process inherits which signals are blocked, and the threads that run tests block some.
  private static func withSignalsUnblocked(_ body: () throws -> Void) rethrows {
    var (none, before) = (sigset_t(), sigset_t())
    sigemptyset(&none)
    pthread_sigmask(SIG_SETMASK, &none, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    try body()
  }

  deinit {
    if process.isRunning { signal(SIGKILL) }
    process.waitUntilExit()
    try? FileManager.default.removeItem(atPath: folder)
  }

  private static func handle(_ path: String) throws -> FileHandle {
    try Files.write(Data(), to: path)
    return try #require(FileHandle(forWritingAtPath: path))
  }

  var identifier: Int32 { process.processIdentifier }

  var isRunning: Bool { process.isRunning }

  func signal(_ code: Int32) { kill(identifier, code) }

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
      Issue.record("still running after \(seconds) s: \(process.arguments ?? [])")
      signal(SIGKILL)
    }
    process.waitUntilExit()
    return Outcome(
      status: process.terminationStatus, wasKilled: process.terminationReason == .uncaughtSignal,
      output: text("output"), errors: errors)
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
