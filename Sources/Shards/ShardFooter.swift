internal import Support

/// The last data frame. Skippable frames carry no checksum, so it vouches for both.
package struct ShardFooter: Sendable {
  package var blocks: ShardBlocks
  /// SHA-256 of the header frame.
  var headerSHA256: String
  /// Totals over the blocks.
  package var items: Int
  package var rows: Int
  /// SHA-256 of all bytes before this frame.
  var sha256: String
  var version: Int

  /// Canonical JSON, which `FooterText` reads. Items are images in it, and rows regions.
  var text: [UInt8] {
    func number(_ value: Int) -> JSONValue { .integer(Int64(value)) }
    let blocks = self.blocks.map { block in
      let frames = block.frames.map { frame in
        JSONValue.object([
          "offset": number(frame.offset), "size": number(frame.size),
          "content": number(frame.content), "checksum": .integer(Int64(frame.checksum)),
        ])
      }
      return JSONValue.object([
        "images": number(block.items), "regions": number(block.rows), "frames": .array(frames),
      ])
    }
    let footer = JSONValue.object([
      "blocks": .array(blocks), "headerSHA256": .string(headerSHA256), "images": number(items),
      "regions": number(rows), "sha256": .string(sha256), "version": number(version),
    ])
    return Array(footer.canonical.utf8)
  }
}
