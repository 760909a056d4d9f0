/// What `RegionCache.repair` did to a cache.
public struct CacheRepair: Codable, Equatable, Sendable {
  /// One thing that was put right.
  public struct Action: Codable, Equatable, Sendable, CustomStringConvertible {
    /// What was done.
    public enum Kind: String, Codable, Sendable, CaseIterable {
      /// A whole shard that the catalogue did not know was verified and entered.
      case adopted
      /// The sound images of a damaged shard were written into a new one.
      case salvaged
      /// A file was moved to the folder `quarantine`; nothing is deleted.
      case quarantined
      /// Images are to be embedded again.
      case queuedAgain
      /// The unfinished file of a writer that is gone was removed.
      case removedPart
      /// The catalogue was rebuilt from the shards; the old one is in quarantine.
      case rebuiltCatalogue
      /// Rows that contradicted a whole shard were replaced by what it says.
      case correctedRows
      /// A whole shard lay under another's name and has its own again.
      case renamed
      /// `recipe.json` was written anew, as the catalogue or a shard has it.
      case rewroteRecipe
    }

    /// What was done.
    public var kind: Kind
    /// Number of the shard, where it concerns one.
    public var shard: Int?
    /// The images that are concerned, as far as known.
    public var images: [Int]
    /// The file that was moved or removed.
    public var file: String?
    /// Why, in one line.
    public var message: String

    /// The fields, in their order.
    public init(
      kind: Kind, shard: Int? = nil, images: [Int] = [], file: String? = nil, message: String
    ) {
      (self.kind, self.shard, self.images) = (kind, shard, images)
      (self.file, self.message) = (file, message)
    }

    /// One line with all of it.
    public var description: String {
      var line = kind.rawValue
      if let shard { line += ", shard \(shard)" }
      if let file { line += ", \(file)" }
      if !images.isEmpty { line += ", images \(images.map(String.init).joined(separator: " "))" }
      return "\(line): \(message)"
    }
  }

  /// In their order; empty where nothing was to be done.
  public var actions: [Action]
  /// What a check finds afterwards; empty unless something could not be put right.
  public var remaining: [CacheProblem]
}
