import Foundation
public import Support

extension Ranks {
  /// Set by `RankLauncher`: the leader's standard input ends when the launcher does.
  static let launched = "VILD_LAUNCHED"

  /// What launchers tell the processes that they start: Open MPI's, MPICH's and its kin's, Slurm's.
  private static let signs = [
    launched, "OMPI_COMM_WORLD_SIZE", "PMI_RANK", "PMI_SIZE", "PMIX_RANK", "MPI_LOCALNRANKS",
    "SLURM_STEP_ID",
  ]

  /// This process among `count` ranks, where a launcher has started it; else starts them on this machine,
  /// and returns nil when they have ended well.
  ///
  /// From now on what ends this process leaves the other ranks first.
  /// - Throws: `End` where the ranks have ended otherwise; `InputError` without MPI, and
  ///   (`configuration`) where the launcher started another number.
  public static func join(
    _ count: Int, arguments: [String], on console: Console
  ) throws -> Ranks? {
    if count == 1 { return .alone }
    let environment = ProcessInfo.processInfo.environment
    guard signs.contains(where: { environment[$0] != nil }) else {
      try RankLauncher.run(count, arguments, on: console)
      return nil
    }
    let ranks = try Ranks { () throws(InputError) in try MessagePassing() }
    guard ranks.count == count else {
      let error = InputError(
        .configuration, "the launcher started another number of ranks",
        expected: "\(count), as --ranks says", got: "\(ranks.count)",
        hint:
          "a launcher of another MPI than the library was built with starts each by itself: use "
          + "its own mpirun, or srun --mpi=pmix (Open MPI) or --mpi=pmi2 (MPICH), with -n \(count)")
      throw ranks.isAlone ? error : ranks.end(error)
    }
    ProcessEnd.leave { ranks.leave(code: $0) }
    if ranks.isLeader {
      if environment[launched] != nil { StopSignal.followInput() }
    } else {
      let name = "rank \(ranks.rank) of \(count) on \(ProcessInfo.processInfo.hostName)"
      ProcessEnd.tell { StandardError.write("vild: \(name): \($0)\n") }
    }
    return ranks
  }
}
