/// Where the frames of a shard's blocks stand, in less than 100 bytes a block of five frames: readers keep
/// those of many shards.
package struct ShardBlocks: Sendable {
  /// One of the blocks.
  package struct Block: Sendable {
    /// How many, at least one of an honest block.
    package let items: Int
    /// Of all its items.
    package let rows: Int
    /// In their order; they lie end to end.
    let frames: [ShardFormat.Frame]
  }

  private struct Start {
    var items: Int
    var rows: Int
    var offset: Int
  }

  private struct Packed {
    var size: UInt32
    var content: UInt32
    var checksum: UInt32
  }

  private var starts: [Start] = []
  private var packed: [Packed] = []
  /// Of every block.
  private(set) var framesPerBlock = 0

  /// Bytes of memory.
  var cost: Int {
    starts.count * MemoryLayout<Start>.stride + packed.count * MemoryLayout<Packed>.stride
  }

  /// Adds a block.
  ///
  /// - Returns: false, and nothing is added, where its frames do not lie end to end, are too large, or
  ///   others in number than those of the blocks before.
  mutating func append(_ block: Block) -> Bool {
    guard let first = block.frames.first,
      starts.isEmpty || framesPerBlock == block.frames.count
    else { return false }
    var end = first.offset
    for frame in block.frames {
      guard frame.offset == end, UInt32(exactly: frame.size) != nil,
        UInt32(exactly: frame.content) != nil
      else { return false }
      end += frame.size
    }
    framesPerBlock = block.frames.count
    starts.append(Start(items: block.items, rows: block.rows, offset: first.offset))
    packed += block.frames.map {
      Packed(size: UInt32($0.size), content: UInt32($0.content), checksum: $0.checksum)
    }
    return true
  }
}

extension ShardBlocks: RandomAccessCollection {
  package var startIndex: Int { 0 }
  package var endIndex: Int { starts.count }

  package subscript(index: Int) -> Block {
    let start = starts[index]
    var end = start.offset
    let frames = packed[index * framesPerBlock..<(index + 1) * framesPerBlock].map { frame in
      defer { end += Int(frame.size) }
      return ShardFormat.Frame(
        offset: end, size: Int(frame.size), content: Int(frame.content), checksum: frame.checksum)
    }
    return Block(items: start.items, rows: start.rows, frames: frames)
  }
}
