internal import Support

/// The usable images of a cache in ascending order, found by rank without a list of all of them.
struct UsableOrder: Sendable {
  /// How many.
  let count: Int
  let manifest: String
  /// The images of ranks 0, 256, 512, ...
  private let marked: [Int]
  private let version: Int
  /// All of them, where they are not all of the catalogue's.
  private let listed: [Int]?

  /// - Parameter chosen: the images that count; nil for all.
  init(of catalogue: Catalogue, only chosen: Set<Int>? = nil) throws(InputError) {
    version = try catalogue.dataVersion()
    if let chosen {
      let usable = try catalogue.finishedImages(usableOnly: true)
      let listed = usable.filter(chosen.contains)
      if listed.count < usable.count {
        let shards = try catalogue.manifest()
        (count, self.listed, marked) = (listed.count, listed, [])
        manifest = Fingerprint.json([shards] + listed.map(String.init))
        return
      }
    }
    listed = nil
    let marks = try catalogue.marks()
    manifest = try catalogue.manifest()
    guard let last = marks.last, last.image == nil,
      marks.count == (last.rank + Catalogue.markDistance - 1) / Catalogue.markDistance + 1
    else {
      throw InputError(
        .badData, "the catalogue contradicts itself in its marks", at: catalogue.path,
        hint: "'vild cache reindex' rebuilds it")
    }
    count = last.rank
    marked = marks.compactMap(\.image)
  }

  func image(at rank: Int, in catalogue: Catalogue) throws(InputError) -> Int {
    precondition((0..<count).contains(rank))
    if let listed { return listed[rank] }
    let mark = marked[rank / Catalogue.markDistance]
    let image = try catalogue.usableImage(rank % Catalogue.markDistance, after: mark)
    // Looked up first and checked then: what changes in between is noticed.
    if try catalogue.dataVersion() != version, try catalogue.manifest() != manifest {
      throw InputError(
        .tryAgain, "the cache changed while it was being read", at: catalogue.path,
        hint: "train when the embedding has ended")
    }
    guard let image else {
      throw InputError(
        .badData, "the catalogue contradicts itself in its marks", at: catalogue.path,
        hint: "'vild cache reindex' rebuilds it")
    }
    return image
  }
}
