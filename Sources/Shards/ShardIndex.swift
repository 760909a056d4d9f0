internal import Glibc
internal import Support

/// What a shard says of itself, checked at its opening; a reader that closed the file for want of
/// room opens it again without reading all that anew.
package final class ShardIndex<Content: ShardContent>: Sendable {
  package let header: ShardHeader
  package let content: Content
  /// Of `content`.
  let columns: [ShardColumn]
  package let footer: ShardFooter
  let footerFrame: ShardFormat.Frame
  /// Bytes of the file.
  package let size: Int
  private let identity: ShardIdentity

  /// Reads and checks all but the blocks.
  ///
  /// - Throws: `InputError` (`badData`, `inputOutput`) that names `path`.
  init(_ descriptor: Int32, path: String) throws(InputError) {
    identity = try ShardIdentity(descriptor, path: path)
    size = identity.size
    let opening = ShardOpening(descriptor: descriptor, size: size, path: path)
    let tail = try opening.tail()
    header = try opening.header(size: tail.headerSize, footer: tail.footer)
    guard let content = Content(fields: header.fields) else {
      throw ShardFormat.damaged(
        "it holds other columns", at: path, got: JSONValue.object(header.fields).canonical)
    }
    self.content = content
    columns = content.columns
    (footer, footerFrame) = (tail.footer, tail.frame)
    try opening.requireLayout(of: columns, in: tail)
  }

  /// Whether the open file is still the one that this was read from.
  func isOf(_ descriptor: Int32, path: String) throws(InputError) -> Bool {
    try ShardIdentity(descriptor, path: path) == identity
  }

  /// Bytes of memory, roughly: the blocks, and the recipe's text.
  package var cost: Int { footer.blocks.cost + header.recipe.utf8.count + 512 }
}

/// Tells a file from another that took its place.
private struct ShardIdentity: Equatable, Sendable {
  let device: UInt64
  let number: UInt64
  let size: Int
  let seconds: Int
  let nanoseconds: Int

  init(_ descriptor: Int32, path: String) throws(InputError) {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .system("cannot read", at: path) }
    (device, number) = (UInt64(status.st_dev), UInt64(status.st_ino))
    size = Int(status.st_size)
    (seconds, nanoseconds) = (status.st_mtim.tv_sec, status.st_mtim.tv_nsec)
  }
}
