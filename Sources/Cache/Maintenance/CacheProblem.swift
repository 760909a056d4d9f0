import Support

/// Something a cache promises and does not keep, as `verify` found it.
public struct CacheProblem: Codable, Equatable, Sendable, CustomStringConvertible {
  /// What kind of promise is broken.
  public enum Kind: String, Codable, Sendable {
    /// The catalogue knows a shard whose file is not there.
    case missingShard
    /// A shard lies there that the catalogue does not know; `repair` and opening the cache adopt it.
    case unknownShard
    /// The bytes of a shard are not what was written.
    case damagedShard
    /// A shard lies under another's name; `repair` gives each its own.
    case misplacedShard
    /// Catalogue and shard are whole but say different things.
    case disagreement
    /// A record holds what no teacher gives: a vector that is no unit vector, a box out of numbers.
    case badRecord
    /// The catalogue is not there, cannot be read, has rows without their checksum, or contradicts
    /// itself.
    case damagedCatalogue
    /// The file of an image is not what was embedded any more.
    case changedImage
    /// The teacher gives another embedding than the one that is held, or none.
    case otherEmbedding
  }

  /// Which promise is broken.
  public var kind: Kind
  /// Number of the shard, where it concerns one.
  public var shard: Int?
  /// Number of the block in the shard, where it is known.
  public var block: Int?
  /// The images that are affected, as far as known.
  public var images: [Int]
  /// What is wrong; words of SQLite's and what damage made of a text may have several lines.
  public var message: String

  /// One line with all of it.
  public var description: String {
    var line = kind.rawValue
    if let shard { line += ", shard \(shard)" }
    if let block { line += ", block \(block)" }
    if !images.isEmpty { line += ", images \(images.map(String.init).joined(separator: " "))" }
    return "\(line): \(message)".inOneLine
  }
}
