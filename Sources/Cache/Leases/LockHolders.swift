internal import Foundation
internal import Glibc

/// Which processes of this machine hold locks on a file, as far as the kernel tells.
enum LockHolders {
  /// As in "process 1234 (python3)"; nil where nothing is known.
  static func names(of paths: String...) -> String? {
    let files = Set(paths.compactMap(inode))
    let locks = (try? String(contentsOfFile: "/proc/locks", encoding: .utf8)) ?? ""
    // Lines of "1: POSIX ADVISORY WRITE 1234 fe:00:56789 0 EOF"; "->" marks those that wait.
    var processes: Set<Int32> = []
    for line in locks.split(separator: "\n") {
      let fields = line.split(separator: " ").map(String.init)
      guard fields.count > 5, fields[1] != "->", let process = Int32(fields[4]), process > 0,
        process != getpid(), let number = fields[5].split(separator: ":").last,
        files.contains(String(number))
      else { continue }
      processes.insert(process)
    }
    if processes.isEmpty { return nil }
    return processes.sorted().map { process in
      let name = try? String(contentsOfFile: "/proc/\(process)/comm", encoding: .utf8)
      return "process \(process)"
        + (name.map { " (\($0.trimmingCharacters(in: .whitespacesAndNewlines)))" } ?? "")
    }.joined(separator: ", ")
  }

  private static func inode(of path: String) -> String? {
    var status = stat()
    return stat(path, &status) == 0 ? String(status.st_ino) : nil
  }
}
