extension ShardFormat {
  /// Where a block's frames stand, in less than 100 bytes: readers keep those of many shards.
  struct Block: Equatable, Sendable {
    let images: Int
    let regions: Int
    private let offset: Int
    private let sizes: InlineArray<5, UInt32>
    private let contents: InlineArray<5, UInt32>
    private let checksums: InlineArray<5, UInt32>

    /// - Parameter frames: one a `Column`, in order.
    /// - Returns: nil where the frames do not lie end to end, or are too many, too few or too large.
    init?(images: Int, regions: Int, frames: [Frame]) {
      guard frames.count == Column.allCases.count else { return nil }
      var end = frames[0].offset
      for frame in frames {
        guard frame.offset == end, UInt32(exactly: frame.size) != nil,
          UInt32(exactly: frame.content) != nil
        else { return nil }
        end += frame.size
      }
      (self.images, self.regions, offset) = (images, regions, frames[0].offset)
      sizes = InlineArray { UInt32(frames[$0].size) }
      contents = InlineArray { UInt32(frames[$0].content) }
      checksums = InlineArray { frames[$0].checksum }
    }

    /// One a `Column`, in order; they lie end to end.
    var frames: [Frame] {
      var end = offset
      return sizes.indices.map { i in
        defer { end += Int(sizes[i]) }
        return Frame(
          offset: end, size: Int(sizes[i]), content: Int(contents[i]), checksum: checksums[i])
      }
    }

    static func == (one: Block, other: Block) -> Bool {
      one.images == other.images && one.regions == other.regions && one.frames == other.frames
    }
  }
}

extension ShardFormat.Block: Encodable {
  private enum Key: CodingKey { case frames, images, regions }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(frames, forKey: .frames)
    try container.encode(images, forKey: .images)
    try container.encode(regions, forKey: .regions)
  }
}
