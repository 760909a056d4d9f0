internal import Foundation
import Support

/// The layout of a shard file; `schemas/shard-format.md` describes it for other programs.
///
/// Shape letters: R regions of a block, D embedding width.
package enum ShardFormat {
  package static let version = 1
  static let dtype = "float16"
  static let codec = "zstd frames of columns, byte planes apart"

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
  /// More than any honest block's column: 2^20 regions of width 1024.
  static let columnLimit = 1 << 30

  /// The frames of a block, in their order.
  package enum Column: Int, CaseIterable, Sendable {
    case images, boxes, scores, vectorsHigh, vectorsLow

    package var name: String {
      switch self {
      case .images: "image table"
      case .boxes: "boxes"
      case .scores: "scores"
      case .vectorsHigh: "high bytes of the vectors"
      case .vectorsLow: "low bytes of the vectors"
      }
    }

    /// Bytes of the column in a block; nil for the image table, whose texts vary.
    func size(regions: Int, dimension: Int) -> Int? {
      switch self {
      case .images: nil
      case .boxes: regions * 16
      case .scores: regions * 4
      case .vectorsHigh, .vectorsLow: regions * dimension
      }
    }
  }

  /// What a shard says of itself.
  struct Header: Codable, Equatable, Sendable {
    var codec: String
    var dimension: Int
    var dtype: String
    /// The recipe's canonical JSON, so that a lone shard still says where it comes from.
    var recipe: String
    /// SHA-256 of `recipe`.
    var recipeHash: String
    /// Number of the unit of work that is this shard.
    var shard: Int

    init(recipe: Recipe, shard: Int) {
      codec = ShardFormat.codec
      dtype = ShardFormat.dtype
      dimension = recipe.teacher.dimension
      self.recipe = JSONValue(encoding: recipe).canonical
      recipeHash = recipe.hash
      self.shard = shard
    }

    /// The skippable frame at the start of the file.
    var frame: [UInt8] {
      let content =
        magic + Bytes.of([UInt32(version)]) + Array(Fingerprint.canonicalJSON(self))
      return Bytes.of([headerFrame, UInt32(content.count)]) + content
    }
  }

  /// Where a frame stands, and what it must decode to.
  struct Frame: Codable, Equatable, Sendable {
    /// Bytes from the start of the file.
    var offset: Int
    /// Bytes of the frame in the file.
    var size: Int
    /// Bytes of its content.
    var content: Int
    /// Low half of the content's XXH64: the frame's last four bytes.
    var checksum: UInt32
  }

  /// The last data frame. Skippable frames carry no checksum, so it vouches for both.
  struct Footer: Encodable, Equatable, Sendable {
    var blocks: [Block]
    /// SHA-256 of the header frame.
    var headerSHA256: String
    /// Totals over the blocks.
    var images: Int
    var regions: Int
    /// SHA-256 of all bytes before this frame.
    var sha256: String
    var version: Int
  }

  /// The whole seek table, a function of the header's size and the frames in file order.
  static func seekTable(headerSize: Int, frames: [Frame]) -> [UInt8] {
    var words = [UInt32(headerSize), 0, emptyChecksum]
    for frame in frames { words += [UInt32(frame.size), UInt32(frame.content), frame.checksum] }
    let end = Bytes.of([UInt32(frames.count + 1)]) + [seekDescriptor] + Bytes.of([seekableMagic])
    return Bytes.of([seekTableFrame, UInt32(words.count * 4 + end.count)]) + Bytes.of(words) + end
  }
}
