import Foundation
import Synchronization

#if canImport(Glibc)
  import Glibc
#endif

/// A file under a temporary name beside the one that it is to become: `<name>.<boot>-<16 hex
/// digits>.part`, with the boot of the machine that it is written on (`Kernel.boot`).
///
/// Its writer holds the file's lock until it has its name. The kernel drops the lock when the process
/// ends, however that ends, and shows it to every container of the machine, where the number of a
/// process says nothing: a part that nobody holds is left over, and no other ever is. Another machine
/// that shares the folder may not see the lock: it leaves the part alone. What is left over in a folder
/// is removed when a process writes there for the first time.
package final class Part: Sendable {
  package let path: String
  package let file: OpenFile

  /// - Parameter target: what it becomes; its folder must be there.
  /// - Throws: `InputError` that names `target`.
  package init(of target: String) throws(InputError) {
    Self.clean(PathText.folder(of: target))
    (path, file) = try Self.make(target)
  }

  private static let cleaned = Mutex<Set<String>>([])

  /// Removes left-over parts, once a folder. The folder may be a user's: what has not the form of our
  /// names stays.
  private static func clean(_ folder: String) {
    guard cleaned.withLock({ $0.insert(folder).inserted }) else { return }
    removeAbandoned(in: folder.isEmpty ? "." : folder) { isName($0) }
  }

  private static func make(_ target: String) throws(InputError) -> (String, OpenFile) {
    while true {
      let path = name(of: target)
      let file: OpenFile
      do throws(InputError) {
        file = try OpenFile(path, O_RDWR | O_CREAT | O_EXCL, or: "cannot write")
      } catch {
        var error = error
        error.place = target
        throw error
      }
      // Where there are no locks, nobody can hold it for left over either.
      while flock(file.descriptor, LOCK_EX) != 0 && errno == EINTR {}
      var status = stat()
      if fstat(file.descriptor, &status) == 0 && status.st_nlink > 0 { return (path, file) }
      // Somebody who cleans up came between the file and its lock.
    }
  }

  /// A name for what is to become `target`, another each time. A number stands for a name that would be
  /// longer than a name may be.
  package static func name(of target: String) -> String {
    let digits = String(UInt64.random(in: 0...UInt64.max), radix: 16)
    let padded = String(repeating: "0", count: 16 - digits.count) + digits
    let ending = ".\(Kernel.boot)-\(padded).part"
    let name = PathText.name(of: target)
    guard PathText.bytes(of: name).count + ending.utf8.count > Int(NAME_MAX) else {
      return target + ending
    }
    let folder = PathText.folder(of: target)
    return PathText.join(folder.isEmpty ? "." : folder, PathText.number(of: name) + ending)
  }

  /// Whether a name is that of a part, of this or an earlier release.
  ///
  /// - Parameter target: the name of what it becomes; nil for whatever.
  package static func isName(_ name: String, of target: String? = nil) -> Bool {
    guard let parts = name.wholeMatch(of: /(.+)\.(?:[0-9a-f]{0,8}-)?[0-9a-f]{16}\.part/) else {
      return false
    }
    return target.map { $0 == parts.1 } ?? true
  }

  /// Whether the lock of the part at `path` says if somebody writes it: its writer is one of this
  /// kernel's processes, or nobody but these can write there.
  package static func isTold(at path: String) -> Bool {
    let ending = PathText.name(of: path).suffix("-0123456789abcdef.part".count)
    let boot = PathText.name(of: path).dropLast(ending.count).suffix(Kernel.boot.count)
    let isOurs = ending.first == "-" && !boot.isEmpty && boot == Kernel.boot
    return isOurs || FileSystem.networkType(of: path) == nil
  }

  /// Whether it worked; `errno` says why not.
  package func rename(to target: String) -> Bool {
    defer { withExtendedLifetime(self) {} }
    return Files.rename(path, to: target)
  }

  package func remove() { Files.remove(path) }

  /// Whether nobody writes the part at `path` any more, as far as is certain.
  package static func isAbandoned(_ path: String) -> Bool { taking(path) { true } ?? false }

  /// Removes the parts in a folder that nobody writes any more, by whatever release.
  ///
  /// - Parameter isPart: of a file's name.
  package static func removeAbandoned(
    in folder: String, where isPart: (String) -> Bool = { $0.hasSuffix(".part") }
  ) {
    for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    where isPart(name) {
      let path = PathText.join(folder, name)
      taking(path) { Files.remove(path) }
    }
  }

  /// Calls `body` with the lock of the part at `path`; nil where somebody has it, or may have.
  @discardableResult
  private static func taking<Result>(_ path: String, _ body: () -> Result) -> Result? {
    guard isTold(at: path), let file = try? OpenFile(path, O_RDWR) else { return nil }
    defer { withExtendedLifetime(file) {} }
    return flock(file.descriptor, LOCK_EX | LOCK_NB) == 0 ? body() : nil
  }
}
