internal import Shards
public import Support
internal import Synchronization

/// Random access to a cache by image id.
///
/// Decodes the one block an image is in and checks every byte it hands out. Nothing is recomputed
/// or skipped: what cannot be read is an error. Memory and start-up time do not depend on the number
/// of regions, and hardly on that of images. Safe to use from several threads.
public final class CacheReader: Sendable {
  private struct BlockKey: Equatable {
    var shard: Int
    var block: Int
  }

  private struct State {
    /// Each has a file open, of which a process may have 1,024.
    var shards = RecentlyUsed<Int, CacheShard>(limit: 256)
    /// Of shards whose files may have been closed; room for those of 300,000 images.
    var indices = RecentlyUsed<Int, ShardIndex<CacheColumns>>(limit: 32 << 20)
    var blocks: RecentlyUsed<BlockKey, CacheBlock>
  }

  /// How much memory decoded blocks take at most.
  public static let defaultBlockBytes = 16 << 20

  /// Where the cache lives.
  public let folder: CacheFolder
  let catalogue: Catalogue
  private let state: Mutex<State>
  private let decoders = BlockDecoders()

  /// Opens a cache, also where nothing can be written.
  ///
  /// - Parameter blockBytes: how much memory decoded blocks may take, for images that are asked for
  ///   soon after their neighbours; one block is kept whatever it takes.
  /// - Throws: `InputError`: only caches of other recipes here, with both hashes and the first
  ///   differences (`badData`), or none at all (`missingInput`).
  public init(
    _ folder: CacheFolder, blockBytes: Int = defaultBlockBytes
  ) throws(InputError) {
    state = Mutex(State(blocks: RecentlyUsed(limit: blockBytes)))
    self.folder = folder
    try folder.requireRecipe()
    catalogue = try Catalogue(reading: folder.catalogue, recipe: folder.recipe)
  }

  /// Opens the cache of `recipe` under the folder `root`.
  ///
  /// - Throws: `InputError`: only caches of other recipes here, with both hashes and the first
  ///   differences (`badData`), or none at all (`missingInput`).
  package convenience init(
    folder root: String, recipe: some CacheRecipe
  ) throws(InputError) {
    try self.init(CacheFolder(root: root, recipe: recipe))
  }

  /// The ids of all images that have a row, ascending. O(images).
  public func imageIDs() throws(InputError) -> [Int] { try catalogue.finishedImages() }

  /// The ids of the images that can be used, ascending: those without a failure. O(images);
  /// `UsableImages` finds single ones.
  public func usableImageIDs() throws(InputError) -> [Int] {
    try catalogue.finishedImages(usableOnly: true)
  }

  /// How many images are done, and how they ended. O(images).
  public func progress() throws(InputError) -> CacheProgress { try catalogue.progress() }

  /// The record of an image.
  ///
  /// - Throws: `InputError`: the cache does not hold the image (`missingInput`); its shard is
  ///   damaged (`badData`, naming shard, block and image).
  public func record(of imageID: Int) throws(InputError) -> CacheRecord {
    let (block, index) = try place(of: requiredLocation(of: imageID))
    return block.record(index)
  }

  /// The record of an image as it is stored, its embeddings in float16; half the memory of
  /// `record(of:)` and twice as fast.
  ///
  /// - Throws: as `record(of:)`.
  public func halfRecord(of imageID: Int) throws(InputError) -> HalfRecord {
    try halfRecord(at: requiredLocation(of: imageID))
  }

  /// Where an image is; nil where the cache does not hold it.
  package func location(of imageID: Int) throws(InputError) -> ImageLocation? {
    try catalogue.location(of: imageID)
  }

  /// Where all images are that the cache holds, without their regions' hashes. O(images).
  package func locations() throws(InputError) -> ImageLocations {
    try catalogue.locations()
  }

  /// The record of an image that is at `location`.
  ///
  /// - Throws: as `record(of:)`.
  package func record(at location: ImageLocation) throws(InputError) -> CacheRecord {
    let (block, index) = try place(of: location)
    return block.record(index)
  }

  /// The record of an image that is at `location`.
  ///
  /// - Throws: as `record(of:)`.
  package func halfRecord(at location: ImageLocation) throws(InputError) -> HalfRecord {
    let (block, index) = try place(of: location)
    return block.halfRecord(index)
  }

  private func requiredLocation(of imageID: Int) throws(InputError) -> ImageLocation {
    if let location = try location(of: imageID) { return location }
    throw InputError(
      .missingInput, "the cache does not hold image \(imageID)", at: folder.path,
      hint: "embed it first, as training never does; where it is embedded, "
        + "'vild cache verify' says what is wrong")
  }

  /// The block that holds an image, and which of its images it is.
  private func place(of location: ImageLocation) throws(InputError) -> (CacheBlock, Int) {
    let imageID = location.row.imageID
    let block: CacheBlock
    do throws(InputError) {
      block = try self.block(location.block, of: location.shard)
    } catch {
      var named = error
      named.what += " (wanted image \(imageID), block \(location.block))"
      throw named
    }
    guard let index = block.rows.firstIndex(of: location.row) else {
      throw InputError(
        .badData, "catalogue and shard disagree on image \(imageID), block \(location.block)",
        at: folder.shard(location.shard), hint: "'vild cache repair' corrects the catalogue")
    }
    return (block, index)
  }

  /// SHA-256 over all records in the order of their image ids: equal for caches of the same
  /// content, however they are split into shards.
  public func contentHash() throws(InputError) -> String {
    let hash = SHA256()
    for image in try imageIDs() { try record(of: image).feed(hash) }
    return hash.hex
  }

  private func block(_ block: Int, of shard: Int) throws(InputError) -> CacheBlock {
    let key = BlockKey(shard: shard, block: block)
    if let known = state.withLock({ $0.blocks[key] }) { return known }
    let reader = try self.shard(shard)
    guard block < reader.footer.blocks.count else {
      throw ShardFormat.damaged("it has no block \(block)", at: reader.path)
    }
    // Decoded outside the lock: two threads may do it twice, none waits for another's block.
    let decoded = try decoders.borrow { (decoder) throws(InputError) in
      try reader.block(block, using: decoder)
    }
    state.withLock { $0.blocks.insert(decoded, for: key, cost: decoded.bytes) }
    return decoded
  }

  private func shard(_ number: Int) throws(InputError) -> CacheShard {
    if let known = state.withLock({ $0.shards[number] }) { return known }
    let index = state.withLock { $0.indices[number] }
    let reader = try CacheShard(path: folder.shard(number), in: folder, known: index)
    try reader.requireNumber(number)
    state.withLock {
      $0.shards.insert(reader, for: number)
      $0.indices.insert(reader.index, for: number, cost: reader.index.cost)
    }
    return reader
  }
}
