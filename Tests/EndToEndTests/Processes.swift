import Foundation

extension Vild {
  /// The processes that it started and that run.
  var children: [Int32] {
    Processes.all.filter { $0.parent == identifier && $0.state != "Z" }.map(\.identifier)
  }
}

/// What the kernel tells of processes.
enum Processes {
  static func isRunning(_ process: Int32) -> Bool {
    all.contains { $0.identifier == process && $0.state != "Z" }
  }

  static var all: [(identifier: Int32, parent: Int32, state: Substring)] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return names.compactMap(Int32.init).sorted().compactMap { process in
      // The name of the program stands in brackets and may hold anything.
      guard let line = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8),
        let bracket = line.lastIndex(of: ")")
      else { return nil }
      let fields = line[line.index(after: bracket)...].split(separator: " ")
      guard fields.count > 1, let parent = Int32(fields[1]) else { return nil }
      return (process, parent, fields[0])
    }
  }
}
