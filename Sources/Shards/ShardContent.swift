package import Support

/// What the shards of one kind hold: items, each with some rows, and how these stand in columns.
package protocol ShardContent: Sendable {
  /// As a writer takes them.
  associatedtype Item

  /// The columns of a block, in the order of their frames; at least one.
  var columns: [ShardColumn] { get }

  /// What the header says of them, beside the recipe and the number: enough for `init(fields:)`.
  var fields: [String: JSONValue] { get }

  /// What a header tells of; nil for shards of another kind, or with fields out of all reason.
  init?(fields: [String: JSONValue])

  /// What an item counts for when a block is closed: bytes, of all columns or of the largest.
  func weight(of item: Item) -> Int

  /// A block of some items.
  ///
  /// - Returns: its rows, and the bytes of each column; those of a row lie together, as if byte planes
  ///   did not stand apart.
  func block(of items: [Item]) -> (rows: Int, columns: [[UInt8]])
}
