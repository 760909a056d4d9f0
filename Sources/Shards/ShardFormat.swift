package import Support

/// The layout of a shard file; `schemas/shard-format.md` describes it for other programs, with the columns
/// of the teacher cache.
///
/// A shard holds items in blocks: images, in the words of its footer, each with any number of rows, its
/// regions. What they are, and what a column says of them, is the business of a `ShardContent`.
package enum ShardFormat {
  package static let version = 1

  /// First bytes of the header frame's content, before the version.
  static let magic = Array("VILDSHRD".utf8)
  static let headerFrame: UInt32 = 0x184D_2A50
  static let seekTableFrame: UInt32 = 0x184D_2A5E
  static let seekableMagic: UInt32 = 0x8F92_EAB1
  /// The seek table's descriptor: entries carry a checksum, nothing else is set.
  static let seekDescriptor: UInt8 = 0x80
  /// Low half of XXH64 of no bytes: the checksum of the header's entry, which has no content.
  static let emptyChecksum: UInt32 = 0x51D8_E999
  /// More than any honest footer or header; keeps a hostile file from asking for all memory.
  static let footerLimit = 1 << 28
  static let headerLimit = 1 << 20
  /// Bytes, more than any honest frame of a column has: 2^20 rows of 1,024 bytes.
  package static let columnLimit = 1 << 30
  /// More than any honest block's items.
  static let itemLimit = 1 << 24

  /// Where a frame stands, and what it must decode to.
  struct Frame: Equatable, Sendable {
    /// Bytes from the start of the file.
    var offset: Int
    /// Bytes of the frame in the file.
    var size: Int
    /// Bytes of its content.
    var content: Int
    /// Low half of the content's XXH64: the frame's last four bytes.
    var checksum: UInt32
  }

  /// The whole seek table, a function of the header's size and the frames in file order.
  static func seekTable(headerSize: Int, frames: [Frame]) -> [UInt8] {
    var words = [UInt32(headerSize), 0, emptyChecksum]
    for frame in frames { words += [UInt32(frame.size), UInt32(frame.content), frame.checksum] }
    let end = Bytes.of([UInt32(frames.count + 1)]) + [seekDescriptor] + Bytes.of([seekableMagic])
    return Bytes.of([seekTableFrame, UInt32(words.count * 4 + end.count)]) + Bytes.of(words) + end
  }

  /// The refusal (`badData`) of a file that is not what was written.
  package static func damaged(
    _ what: String, at path: String, expected: String? = nil, got: String? = nil
  ) -> InputError {
    InputError(.badData, "damaged shard: \(what)", at: path, expected: expected, got: got)
  }
}
