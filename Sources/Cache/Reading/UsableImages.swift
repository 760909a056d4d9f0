internal import Support

/// The usable images of a cache in ascending order, found by rank without a list of all of them where
/// the catalogue has one.
struct UsableOrder: Sendable {
  /// How many.
  let count: Int
  let manifest: String
  /// Of all shards; the order is void once these are others.
  private let shards: String
  private let version: Int
  /// All of them, where the catalogue has no list of these.
  private let listed: [Int]?

  /// - Parameter chosen: the images that count; nil for all.
  init(of catalogue: Catalogue, only chosen: Set<Int>? = nil) throws(InputError) {
    version = try catalogue.dataVersion()
    let summary = try catalogue.summary()
    shards = try catalogue.manifest()
    if chosen == nil, let summary {
      (count, manifest, listed) = (summary.usable, shards, nil)
      return
    }
    let usable = try catalogue.finishedImages(usableOnly: true)
    let wanted = chosen.map { usable.filter($0.contains) } ?? usable
    count = wanted.count
    if wanted.count < usable.count {
      listed = wanted
      manifest = Fingerprint.json([shards] + wanted.map(String.init))
    } else {
      listed = summary == nil ? wanted : nil
      manifest = shards
    }
  }

  func image(at rank: Int, in catalogue: Catalogue) throws(InputError) -> Int {
    precondition((0..<count).contains(rank))
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
}
