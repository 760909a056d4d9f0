import Foundation
import Support

#if canImport(Glibc)
  import Glibc
#endif

/// Starts this very command as several ranks on this machine, by MPI's own launcher.
enum RankLauncher {
  /// Returns when all ranks have ended well.
  ///
  /// Ctrl-C and SIGTERM reach the leader by its standard input, which mpirun passes on: signals to mpirun
  /// itself leave no time for a checkpoint. A second one ends mpirun, and so all. What mpirun says is heard
  /// where no rank has said anything.
  /// - Parameter arguments: of this very command.
  /// - Throws: `Ranks.End` where they ended otherwise, and have said why; `InputError` where mpirun or the
  ///   library is missing, or a rank died.
  static func run(_ count: Int, _ arguments: [String], on console: Console) throws {
    try MessagePassing.requireLibrary()
    let (lifeline, messages) = (try Lifeline(), try WorkerMessages(console, passing: isOwn))
    let process = try start(count, arguments, input: lifeline.input, errors: messages.stream)
    StopSignal.endAtOnce(with: process.identifier)
    defer { StopSignal.endAtOnce(with: nil) }
    var isStopping = false
    while process.isRunning {
      messages.pass()
      if !isStopping, StopSignal.current != nil {
        lifeline.end()
        isStopping = true
      }
      usleep(10_000)
    }
    messages.finish()
    let end = process.wait()
    if end.status == 0 { return }
    if !end.wasKilled, isSaid(end.status) { throw Ranks.End(code: code(end.status)) }
    // Open MPI's names the rank.
    let line = messages.others.first { $0.contains("signal") }
    if line == nil { messages.others.forEach { console.say("ranks", $0) } }
    throw InputError(
      .tryAgain, "a rank died",
      got: line ?? "\(end.wasKilled ? "signal" : "exit code") \(end.status) of mpirun",
      hint: "the last checkpoint is kept; the same command goes on")
  }

  /// Whether a line is of a rank, and not of mpirun: one of a console's, or last words.
  private static func isOwn(_ line: String) -> Bool {
    line.hasPrefix("{") || line.hasPrefix("vild: ")
  }

  /// Whether who ends so has said why.
  private static func isSaid(_ code: Int32) -> Bool {
    InputError.Kind(rawValue: code) != nil || [SIGINT, SIGTERM].contains(code - 128)
  }

  /// The ranks know of Ctrl-C only that they are to stop.
  private static func code(_ ofRanks: Int32) -> Int32 {
    guard ofRanks == 128 + SIGTERM, let signal = StopSignal.current else { return ofRanks }
    return 128 + signal
  }

  private static func start(
    _ count: Int, _ arguments: [String], input: ChildProcess.Stream, errors: ChildProcess.Stream
  ) throws(InputError) -> ChildProcess {
    let program = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().path
    do throws(InputError) {
      return try ChildProcess(
        "mpirun", ["-n", "\(count)", program] + arguments, environment: environment(count),
        input: input, output: .inherited, errors: errors, ownGroup: true)
    } catch {
      var error = error
      error.hint = "install the MPI whose mpicc built the library (on Debian openmpi-bin)"
      throw error
    }
  }

  /// Ranks divide the cores, and are not bound to one each; with more ranks than cores, or as root, Open
  /// MPI wants to be told so. Other launchers do not know these names.
  private static func environment(_ count: Int) -> [String: String] {
    var settings = [Ranks.launched: "1"]
    let own = ProcessInfo.processInfo.environment
    if own["VILD_THREADS"] == nil {
      settings["VILD_THREADS"] = "\(max(1, ProcessorCores.allowed / count))"
    }
    settings["OMPI_MCA_hwloc_base_binding_policy"] = "none"
    settings["OMPI_MCA_rmaps_base_oversubscribe"] = "1"
    settings["PRTE_MCA_hwloc_default_binding_policy"] = "none"
    settings["PRTE_MCA_rmaps_default_mapping_policy"] = ":oversubscribe"
    if geteuid() == 0 {
      settings["OMPI_ALLOW_RUN_AS_ROOT"] = "1"
      settings["OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"] = "1"
    }
    // What the user has set stays.
    return settings.filter { $0.key == Ranks.launched || own[$0.key] == nil }
  }
}
