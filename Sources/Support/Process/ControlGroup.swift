import Foundation

/// A control group (cgroups(7)) that the process is in, or one above it, by its folder of files.
package struct ControlGroup {
  /// They name their files differently.
  package enum Version: Sendable { case one, two }

  package let version: Version
  /// Of its files.
  package let folder: String

  /// All that bound what the process takes of a resource; none where there are no control groups.
  ///
  /// - Parameter controller: "memory" or "cpu".
  package static func all(of controller: String) -> [ControlGroup] {
    (try? String(contentsOfFile: "/proc/self/cgroup", encoding: .utf8)).map {
      all(of: controller, in: $0, root: "/sys/fs/cgroup")
    } ?? []
  }

  /// - Parameters:
  ///   - text: of /proc/self/cgroup, of version 1, 2 or both.
  ///   - root: where the control groups are mounted.
  package static func all(of controller: String, in text: String, root: String) -> [ControlGroup] {
    text.split(separator: "\n").flatMap { line in
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3 else { return [ControlGroup]() }
      let isNew = fields[1].isEmpty
      guard isNew || fields[1].split(separator: ",").contains(Substring(controller)) else {
        return []
      }
      // A mount of several controllers has a link for each, but where somebody made it by hand.
      let mounts = isNew ? [root] : ["\(root)/\(controller)", "\(root)/\(fields[1])"]
      let mount = mounts.first(where: Files.exists) ?? mounts[0]
      // Every group above counts as well. In a container the path may be that of the world outside.
      var path = String(fields[2])
      var found = [ControlGroup]()
      while true {
        found.append(
          ControlGroup(version: isNew ? .two : .one, folder: mount + (path == "/" ? "" : path)))
        if path.isEmpty || path == "/" { return found }
        path = PathText.folder(of: path)
      }
    }
  }

  /// What one of its files holds; nil where there is none.
  package func text(_ file: String) -> String? {
    try? String(contentsOfFile: "\(folder)/\(file)", encoding: .utf8)
  }
}
