import Foundation
import Support

#if canImport(Glibc)
  import Glibc
#endif

/// Small file systems in memory, which need root.
enum Mount {
  /// Whether this process may mount; says loudly when it may not.
  static let isPossible: Bool = {
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "vild-mount-\(getpid())").path
    mkdir(folder, 0o755)
    defer { rmdir(folder) }
    if mount("none", folder, "tmpfs", 0, "size=4k") == 0 {
      umount(folder)
      return true
    }
    FileHandle.standardError.write(Data("SKIPPED: a full disk needs root to mount one\n".utf8))
    return false
  }()
}

/// Leaves so much room on a file system of `withMount`, beside what is there.
func leaveFree(_ kilobytes: Int, at folder: String) throws {
  var status = statvfs()
  guard statvfs(folder, &status) == 0 else { throw InputError.system("cannot read", at: folder) }
  let used = Int(status.f_blocks - status.f_bfree) * Int(status.f_frsize) / 1024
  try remount(folder, "size=\(used + kilobytes)k")
}

/// Gives a file system of `withMount` other options.
func remount(_ folder: String, _ options: String) throws {
  guard mount("none", folder, "tmpfs", UInt(MS_REMOUNT), options) == 0 else {
    throw InputError.system("cannot remount", at: folder)
  }
}

/// A file system in memory at `folder`, unmounted afterwards.
func withMount(at folder: String, options: String, _ body: () throws -> Void) throws {
  try Files.createFolder(folder)
  guard mount("none", folder, "tmpfs", 0, options) == 0 else {
    throw InputError.system("cannot mount", at: folder)
  }
  defer { umount2(folder, Int32(MNT_DETACH)) }
  try body()
}
