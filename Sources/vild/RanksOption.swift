import ArgumentParser
import Ranks
import Support

/// By how many processes a network is trained.
struct RanksOption: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      Train by so many processes that share each step: started here by mpirun, or by the launcher that \
      starts this command as often (srun, mpirun). Needs MPI and 'make mpi'.
      """, valueName: "count"))
  var ranks = 1

  func validate() throws {
    if ranks < 1 || ranks > 100_000 { throw ValidationError("--ranks is in 1...100000") }
  }

  /// This process among them; nil where they have been started, and have ended well.
  func join(on console: Console) throws -> Ranks? {
    try Ranks.join(ranks, arguments: Vild.arguments, on: console)
  }
}
