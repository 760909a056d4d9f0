internal import Glibc
internal import Support

/// What a shard says of itself, checked at its opening; a reader that closed the file for want of
/// room opens it again without reading all that anew.
final class ShardIndex: Sendable {
  let header: ShardFormat.Header
  let footer: ShardFormat.Footer
  let footerFrame: ShardFormat.Frame
  /// Bytes of the file.
  let size: Int
  private let identity: Identity

  /// Tells a file from another that took its place.
  private struct Identity: Equatable, Sendable {
    let device: UInt64
    let number: UInt64
    let seconds: Int
    let nanoseconds: Int

    init(_ status: stat) {
      (device, number) = (UInt64(status.st_dev), UInt64(status.st_ino))
      (seconds, nanoseconds) = (status.st_mtim.tv_sec, status.st_mtim.tv_nsec)
    }
  }

  /// Reads and checks all but the blocks.
  ///
  /// - Throws: `InputError` (`badData`, `inputOutput`) that names `path`.
  init(_ descriptor: Int32, path: String) throws(InputError) {
    let status = try Self.status(descriptor, path: path)
    size = Int(status.st_size)
    identity = Identity(status)
    (header, footer, footerFrame) = try ShardReader.frame(descriptor, size: size, path: path)
  }

  /// Whether the open file is still the one that this was read from.
  func isOf(_ descriptor: Int32, path: String) throws(InputError) -> Bool {
    let status = try Self.status(descriptor, path: path)
    return Int(status.st_size) == size && Identity(status) == identity
  }

  /// Bytes of memory, roughly: the blocks, and the recipe's text.
  var cost: Int {
    footer.blocks.count * MemoryLayout<ShardFormat.Block>.stride + header.recipe.utf8.count + 512
  }

  private static func status(_ descriptor: Int32, path: String) throws(InputError) -> stat {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .system("cannot read", at: path) }
    return status
  }
}
