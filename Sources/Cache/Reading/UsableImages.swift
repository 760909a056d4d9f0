public import Support

/// The images of a cache that can be used, those without a failure, in ascending order of their ids:
/// what training and samples count by. An image is found by its rank, without a list of all of them where
/// the catalogue has one.
///
/// What was counted stays: once shards are added or removed, ranks mean other images, and asking for one
/// is refused.
public struct UsableImages: Sendable {
  /// Reads their records.
  public let reader: CacheReader
  /// How many.
  public let count: Int
  /// Names the shards of the cache, and the images where they are not all; what a training run was
  /// started on must be what it goes on with.
  public let manifest: String
  /// Of all shards; the order is void once these are others.
  private let shards: String
  private let version: Int
  /// All of them, where the catalogue has no list of these.
  private let listed: [Int]?

  /// - Parameter images: those that count, where the cache holds others as well; nil for all.
  /// - Throws: `InputError` where the catalogue is damaged or cannot be read.
  public init(of reader: CacheReader, only images: [Int]? = nil) throws(InputError) {
    self.reader = reader
    let catalogue = reader.catalogue
    version = try catalogue.dataVersion()
    let summary = try catalogue.summary()
    shards = try catalogue.manifest()
    if images == nil, let summary {
      (count, manifest, listed) = (summary.usable, shards, nil)
      return
    }
    let usable = try catalogue.finishedImages(usableOnly: true)
    let wanted = images.map(Set.init).map { usable.filter($0.contains) } ?? usable
    count = wanted.count
    if wanted.count < usable.count {
      listed = wanted
      manifest = Fingerprint.json([shards] + wanted.map(String.init))
    } else {
      listed = summary == nil ? wanted : nil
      manifest = shards
    }
  }

  /// The id of the image that `rank` others precede.
  ///
  /// - Parameter rank: in `0 ..< count`.
  /// - Throws: `InputError` (`tryAgain`) where shards were added or removed since these were counted.
  public func id(at rank: Int) throws(InputError) -> Int {
    precondition((0..<count).contains(rank))
    let catalogue = reader.catalogue
    let image = Result { () throws(InputError) -> Int in
      if let listed { return listed[rank] }
      return try catalogue.usableImage(at: rank)
    }
    // Looked up first and checked then: what changes in between is noticed.
    if try catalogue.dataVersion() != version, try catalogue.manifest() != shards {
      throw InputError(
        .tryAgain, "the cache changed while it was being read", at: catalogue.path,
        hint: "train when the embedding has ended")
    }
    return try image.get()
  }

  /// The record of the image that `rank` others precede.
  ///
  /// - Throws: as `id(at:)` and `CacheReader.record(of:)`.
  public func record(at rank: Int) throws(InputError) -> CacheRecord {
    try reader.record(of: id(at: rank))
  }

  /// The refusal (`badData`) of a cache without an image that can be trained on.
  public func nothingUsable() -> InputError {
    InputError(
      .badData, "no image of the cache can be trained on", at: reader.folder.path,
      hint: "'vild cache stats' says why")
  }
}
