import Foundation
import Support
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#endif

extension EndToEnd {
  /// How many threads the program works with, as /proc counts them.
  @Suite struct ThreadsTests {
    /// The first core that this process may use.
    private var core: String {
      let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
      let name = "Cpus_allowed_list:"
      let list = status.split(separator: "\n").first { $0.hasPrefix(name) } ?? ""
      return String(
        list.dropFirst(name.count).trimmingCharacters(in: .whitespaces).prefix { $0.isNumber })
    }

    /// The most threads at a time while scenes are drawn, but for those of OpenBLAS; the first one asks
    /// for work, the others do it.
    private func mostThreads(
      _ environment: [String: String], shell: String? = nil
    ) throws -> Int {
      try withTemporaryFolder { folder in
        let run = try Vild(
          ["sample", "--output", "\(folder)/scenes", "--images", "100", "--val", "20"],
          environment: environment.merging(["OPENBLAS_NUM_THREADS": "1"]) { own, _ in own },
          shell: shell)
        var most = 0
        while run.isRunning {
          let tasks = try? FileManager.default.contentsOfDirectory(
            atPath: "/proc/\(run.identifier)/task")
          most = max(most, tasks?.count ?? 0)
          usleep(2000)
        }
        let outcome = run.ended()
        #expect(outcome.status == 0, "\(outcome.errors)")
        return most
      }
    }

    @Test(arguments: [1, 4]) func asManyAsAskedFor(count: Int) throws {
      #expect(try mostThreads(["VILD_THREADS": "\(count)"]) == count + 1)
    }

    /// Empty is as if nobody had said anything.
    @Test func oneOnOneCore() throws {
      let shell = "exec taskset -c \(core) \"$0\" \"$@\""
      #expect(try mostThreads(["VILD_THREADS": ""], shell: shell) == 2)
      let refused = try Vild(["runs"], environment: ["VILD_THREADS": "5"], shell: shell).ended()
      #expect(refused.status == 64 && refused.errors.contains("a number of threads in 1...4,"))
    }
  }
}
