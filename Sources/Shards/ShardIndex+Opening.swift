internal import Foundation
internal import Support

/// What opening a shard checks: everything but the blocks.
extension ShardReader {
  /// The header, the footer and the footer's own frame, after checking that header, seek table and
  /// layout are those the footer tells of.
  static func frame(
    _ descriptor: Int32, size: Int, path: String
  ) throws(InputError) -> (ShardFormat.Header, ShardFormat.Footer, ShardFormat.Frame) {
    let tail = 9
    guard size > 8 + tail else {
      throw damaged("it is too short", at: path, got: size.counted("byte"))
    }
    let end = try read(descriptor, at: size - tail, count: tail, path: path)
    let entries = Int(Bytes.load(end, at: 0, as: UInt32.self))
    guard Bytes.load(end, at: 5, as: UInt32.self) == ShardFormat.seekableMagic else {
      throw damaged("it does not end in a seek table; truncated, or no shard at all", at: path)
    }
    let tableSize = 8 + 12 * entries + tail
    guard entries >= 2, tableSize < size else {
      throw damaged("its seek table has changed", at: path, got: entries.counted("entry"))
    }
    let table = try read(descriptor, at: size - tableSize, count: tableSize, path: path)
    let last = (0..<3).map {
      Bytes.load(table, at: tableSize - tail - 12 + 4 * $0, as: UInt32.self)
    }
    let frame = ShardFormat.Frame(
      offset: size - tableSize - Int(last[0]), size: Int(last[0]), content: Int(last[1]),
      checksum: last[2])
    guard frame.offset > 0, frame.size >= 13, frame.content <= ShardFormat.footerLimit else {
      throw damaged("its seek table has changed", at: path)
    }
    let bytes = try read(descriptor, at: frame.offset, count: frame.size, path: path)
    let content: [UInt8]
    do throws(Zstd.Failure) {
      content = try bytes.span.bytes.withUnsafeBytes { (bytes) throws(Zstd.Failure) in
        try BlockDecoder().values(bytes, size: frame.content, as: UInt8.self)
      }
    } catch {
      throw damaged("its footer has changed", at: path, got: error.reason)
    }
    let footer = try FooterText.footer(of: content, path: path)
    let headerSize = footer.blocks.first?.frames.first?.offset ?? frame.offset
    let header = try header(descriptor, size: headerSize, footer: footer, path: path)
    guard layoutHolds(footer, header: header, from: headerSize, to: frame.offset) else {
      throw damaged("its counts and frames contradict each other", at: path)
    }
    let frames = footer.blocks.flatMap(\.frames) + [frame]
    guard ShardFormat.seekTable(headerSize: headerSize, frames: frames) == table,
      Bytes.load(bytes, at: bytes.count - 4, as: UInt32.self) == frame.checksum
    else { throw damaged("its seek table has changed", at: path) }
    return (header, footer, frame)
  }

  private static func header(
    _ descriptor: Int32, size: Int, footer: ShardFormat.Footer, path: String
  ) throws(InputError) -> ShardFormat.Header {
    let start = 8 + ShardFormat.magic.count + 4
    guard (start...ShardFormat.headerLimit) ~= size else {
      throw damaged("its header has an impossible size", at: path, got: size.counted("byte"))
    }
    let bytes = try read(descriptor, at: 0, count: size, path: path)
    guard Fingerprint.data(bytes) == footer.headerSHA256,
      let header = try? JSONDecoder().decode(
        ShardFormat.Header.self, from: Data(bytes[start...]))
    else { throw damaged("its header has changed", at: path) }
    return header
  }

  /// Whether the frames lie end to end and hold what the counts demand.
  private static func layoutHolds(
    _ footer: ShardFormat.Footer, header: ShardFormat.Header, from start: Int, to end: Int
  ) -> Bool {
    guard header.dtype == ShardFormat.dtype, header.codec == ShardFormat.codec,
      header.dimension > 0
    else { return false }
    var at = start
    var (images, regions) = (0, 0)
    for block in footer.blocks {
      guard block.images > 0, block.images <= 1 << 24, block.regions >= 0,
        block.regions <= ShardFormat.columnLimit / max(header.dimension, 16)
      else { return false }
      for (column, frame) in zip(ShardFormat.Column.allCases, block.frames) {
        let size = column.size(regions: block.regions, dimension: header.dimension)
        guard frame.offset == at, frame.size >= 13, frame.size <= end - at,
          frame.content == size ?? frame.content, (0...ShardFormat.columnLimit) ~= frame.content
        else { return false }
        at += frame.size
      }
      images += block.images
      regions += block.regions
    }
    return at == end && images == footer.images && regions == footer.regions
  }
}
