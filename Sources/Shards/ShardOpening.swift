internal import Foundation
internal import Support

/// What opening a shard checks: everything but the blocks.
struct ShardOpening {
  let descriptor: Int32
  /// Bytes of the file.
  let size: Int
  let path: String

  /// What stands after the blocks.
  struct Tail {
    /// The seek table as it is in the file.
    var table: [UInt8]
    var footer: ShardFooter
    /// Where the footer stands.
    var frame: ShardFormat.Frame
    /// The last four bytes of the footer's frame.
    var checksum: UInt32

    /// Bytes before the first block.
    var headerSize: Int { footer.blocks.first?.frames.first?.offset ?? frame.offset }
  }

  /// The seek table and the footer.
  ///
  /// - Throws: `InputError` (`badData`, `inputOutput`) that names the file.
  func tail() throws(InputError) -> Tail {
    let tail = 9
    guard size > 8 + tail else { throw damaged("it is too short", got: size.counted("byte")) }
    let end = try read(at: size - tail, count: tail)
    let entries = Int(Bytes.load(end, at: 0, as: UInt32.self))
    guard Bytes.load(end, at: 5, as: UInt32.self) == ShardFormat.seekableMagic else {
      throw damaged("it does not end in a seek table; truncated, or no shard at all")
    }
    let tableSize = 8 + 12 * entries + tail
    guard entries >= 2, tableSize < size else {
      throw damaged("its seek table has changed", got: entries.counted("entry"))
    }
    let table = try read(at: size - tableSize, count: tableSize)
    let last = (0..<3).map {
      Bytes.load(table, at: tableSize - tail - 12 + 4 * $0, as: UInt32.self)
    }
    let frame = ShardFormat.Frame(
      offset: size - tableSize - Int(last[0]), size: Int(last[0]), content: Int(last[1]),
      checksum: last[2])
    guard frame.offset > 0, frame.size >= 13, frame.content <= ShardFormat.footerLimit else {
      throw damaged("its seek table has changed")
    }
    let bytes = try read(at: frame.offset, count: frame.size)
    let content: [UInt8]
    do throws(Zstd.Failure) {
      content = try bytes.span.bytes.withUnsafeBytes { (bytes) throws(Zstd.Failure) in
        try BlockDecoder().values(bytes, size: frame.content, as: UInt8.self)
      }
    } catch {
      throw damaged("its footer has changed", got: error.reason)
    }
    return Tail(
      table: table, footer: try FooterText.footer(of: content, path: path), frame: frame,
      checksum: Bytes.load(bytes, at: bytes.count - 4, as: UInt32.self))
  }

  /// The header, which must be the one that the footer tells of.
  func header(size: Int, footer: ShardFooter) throws(InputError) -> ShardHeader {
    guard (ShardHeader.start...ShardFormat.headerLimit) ~= size else {
      throw damaged("its header has an impossible size", got: size.counted("byte"))
    }
    let bytes = try read(at: 0, count: size)
    guard Fingerprint.data(bytes) == footer.headerSHA256, let header = ShardHeader(frame: bytes)
    else { throw damaged("its header has changed") }
    return header
  }

  /// - Throws: `InputError` (`badData`) unless the blocks hold what the counts demand, and the seek table
  ///   is that of their frames.
  func requireLayout(of columns: [ShardColumn], in tail: Tail) throws(InputError) {
    guard layoutHolds(of: columns, in: tail) else {
      throw damaged("its counts and frames contradict each other")
    }
    let frames = tail.footer.blocks.flatMap(\.frames) + [tail.frame]
    guard ShardFormat.seekTable(headerSize: tail.headerSize, frames: frames) == tail.table,
      tail.checksum == tail.frame.checksum
    else { throw damaged("its seek table has changed") }
  }

  private func layoutHolds(of columns: [ShardColumn], in tail: Tail) -> Bool {
    let footer = tail.footer
    let sizes = columns.flatMap { Array(repeating: $0.frameBytes, count: $0.planes) }
    let widest = sizes.compactMap(\.self).max() ?? 1
    guard footer.blocks.isEmpty || footer.blocks.framesPerBlock == sizes.count else { return false }
    var at = tail.headerSize
    var (items, rows) = (0, 0)
    for block in footer.blocks {
      guard block.items > 0, block.items <= ShardFormat.itemLimit, block.rows >= 0,
        block.rows <= ShardFormat.columnLimit / widest
      else { return false }
      for (size, frame) in zip(sizes, block.frames) {
        guard frame.offset == at, frame.size >= 13, frame.size <= tail.frame.offset - at,
          frame.content == size.map({ $0 * block.rows }) ?? frame.content,
          (0...ShardFormat.columnLimit) ~= frame.content
        else { return false }
        at += frame.size
      }
      items += block.items
      rows += block.rows
    }
    return at == tail.frame.offset && items == footer.items && rows == footer.rows
  }

  private func read(at offset: Int, count: Int) throws(InputError) -> [UInt8] {
    try ShardFile.read(descriptor, at: offset, count: count, path: path)
  }

  private func damaged(_ what: String, got: String? = nil) -> InputError {
    ShardFormat.damaged(what, at: path, got: got)
  }
}
