import Foundation

#if canImport(Glibc)
  import Glibc
#endif

/// Which kind of file system a path is on, as far as it matters who else may be at work there: SQLite's
/// write-ahead log needs memory that all its processes share, and so one running kernel; and whether a
/// file's lock is held tells of processes of other machines on few file systems only.
package enum FileSystem {
  /// The type of a file system that several machines may have mounted; nil for a local one.
  package static func networkType(of path: String) -> String? {
    guard let real = PathText.withSystemPath(path, { realpath($0, nil) }) else { return nil }
    defer { free(real) }
    let mounts = (try? String(contentsOfFile: "/proc/self/mounts", encoding: .utf8)) ?? ""
    let type = mountedType(of: String(cString: real), mounts: mounts)
    return isNetwork(type) ? type : nil
  }

  /// Whether files of a file system of this type may be in use by several machines.
  package static func isNetwork(_ type: String) -> Bool {
    let families = [
      "nfs", "cifs", "smb", "lustre", "ceph", "afs", "9p", "virtiofs", "gpfs", "beegfs", "gfs2",
      "ocfs2", "orangefs", "pvfs2", "coda",
    ]
    let programs = [
      "sshfs", "s3fs", "rclone", "gcsfuse", "glusterfs", "ceph", "juicefs", "mount-s3", "hdfs",
      "davfs", "goofys", "blobfuse",
    ]
    return families.contains { type.hasPrefix($0) }
      || programs.contains { type.hasPrefix("fuse.\($0)") }
  }

  /// The type of the mount that holds the absolute `path`; empty if unknown.
  ///
  /// - Parameter mounts: what /proc/self/mounts says, lines of "device folder type options".
  package static func mountedType(of path: String, mounts: String) -> String {
    // The last mounted of the longest folders holds the path.
    var (longest, type) = ("", "")
    for line in mounts.split(separator: "\n") {
      let fields = line.split(separator: " ").map(String.init)
      guard fields.count > 2 else { continue }
      let folder = fields[1].replacingOccurrences(of: "\\040", with: " ")
        .replacingOccurrences(of: "\\011", with: "\t").replacingOccurrences(of: "\\134", with: "\\")
      let place = folder.hasSuffix("/") ? folder : folder + "/"
      if (path + "/").utf8.starts(with: place.utf8), place.count >= longest.count {
        (longest, type) = (place, fields[2])
      }
    }
    return type
  }
}
