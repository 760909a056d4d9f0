/// What a cache holds and how it came about, by `RegionCache.statistics`.
public struct CacheStatistics: Codable, Equatable, Sendable {
  /// Why images could not be used.
  public struct Failure: Codable, Equatable, Sendable {
    /// What kind of failure.
    public var status: ImageStatus
    /// The reason as recorded, with paths and numbers left out.
    public var reason: String
    /// How many images.
    public var images: Int
    /// One of them.
    public var example: Int
  }

  /// One use of the cache by a writing process.
  public struct Run: Codable, Equatable, Sendable {
    /// Unix seconds.
    public var started: Double
    /// From the start to the end; nil while it runs, and for ever after a kill.
    public var seconds: Double?
    /// Published by it.
    public var images: Int
    /// Published by it.
    public var regions: Int
    /// nil where `seconds` is, or too short to tell.
    public var regionsPerSecond: Double?
    /// The command line.
    public var arguments: [String]
  }

  /// The folder of the cache.
  public var cache: String
  /// The recipe's hash.
  public var recipe: String
  /// Images the cache is to hold.
  public var images: Int
  /// Finished images by how they ended; a status that no image has is left out.
  public var imagesByStatus: [String: Int]
  /// Regions held.
  public var regions: Int
  /// Bytes of all shards.
  public var bytes: Int
  /// nil where there are no regions.
  public var bytesPerRegion: Double?
  /// Shards published.
  public var shards: Int
  /// Blocks in them.
  public var blocks: Int
  /// Units of work by state: ready, leased, done.
  public var units: [String: Int]
  /// The most frequent reasons first, twenty at most.
  public var failures: [Failure]
  /// The latest first, twenty at most.
  public var runs: [Run]
}
