import CRanks
import Foundation
import Support

/// Ranks that an MPI launcher started (MPI 3.1 or later). The program is not linked with MPI: a library
/// of its own, built where it runs, stands between them.
final class MessagePassing: RankTransport {
  let rank: Int
  let count: Int
  /// Of functions, which never change.
  private nonisolated(unsafe) let table: UnsafePointer<vild_ranks>

  /// Names another file than the one beside the program.
  static let variable = "VILD_MPI"

  /// The library's path.
  static var path: String {
    if let path = ProcessInfo.processInfo.environment[variable], !path.isEmpty { return path }
    let program = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
    return program.deletingLastPathComponent().appending(path: "libvild-mpi.so").path
  }

  /// - Throws: `InputError` (`missingInput`) where there is none.
  static func requireLibrary() throws(InputError) {
    guard Files.exists(path) else {
      throw InputError(
        .missingInput, "no library for MPI, which several ranks need", at: path,
        hint: "'make mpi' builds it with this machine's mpicc (on Debian of libopenmpi-dev or "
          + "libmpich-dev); \(variable) names one elsewhere")
    }
  }

  /// Joins the processes that the launcher started; to be called by the thread that makes all calls.
  ///
  /// - Throws: `InputError` where the library is missing, cannot be opened, or MPI does not start.
  init() throws(InputError) {
    try Self.requireLibrary()
    var why = [CChar](repeating: 0, count: 1000)
    guard let table = vild_ranks_open(Self.path, &why, why.count) else {
      let text = String(decoding: why.prefix { $0 != 0 }.map(UInt8.init), as: UTF8.self)
      throw InputError(
        .missingInput, "the library for MPI cannot be used", at: Self.path, got: text,
        hint: "'make mpi' builds it anew, with the MPI that is loaded now")
    }
    self.table = table
    var (rank, count) = (Int32(0), Int32(0))
    let code = table.pointee.start(&rank, &count)
    guard code == 0 else { throw Self.failure("MPI does not start", code, table) }
    (self.rank, self.count) = (Int(rank), Int(count))
  }

  func gather(
    _ own: UnsafeRawBufferPointer, into all: UnsafeMutableRawBufferPointer
  ) throws(InputError) {
    precondition(all.count == count * own.count, "room for each rank's bytes")
    try check(table.pointee.gather(own.baseAddress, own.count, all.baseAddress))
  }

  func send(_ bytes: UnsafeMutableRawBufferPointer) throws(InputError) {
    try check(table.pointee.send(bytes.baseAddress, bytes.count, 0))
  }

  func sum(_ values: UnsafeMutableBufferPointer<Float>) throws(InputError) {
    try check(table.pointee.sum(values.baseAddress, values.count))
  }

  func finish() { _ = table.pointee.finish() }

  func abandon(code: Int32) { table.pointee.abandon(code) }

  private func check(_ code: Int32) throws(InputError) {
    if code != 0 { throw Self.failure("ranks cannot reach each other", code, table) }
  }

  private static func failure(
    _ what: String, _ code: Int32, _ table: UnsafePointer<vild_ranks>
  ) -> InputError {
    var text = [CChar](repeating: 0, count: 1000)
    table.pointee.explain(code, &text, text.count)
    return InputError(
      .tryAgain, what,
      got: String(decoding: text.prefix { $0 != 0 }.map(UInt8.init), as: UTF8.self),
      hint: "the last checkpoint is kept; the same command goes on")
  }
}
