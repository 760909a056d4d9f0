public import Support
internal import Synchronization

/// Random access to a cache by image id, for training.
///
/// Decodes the one block an image is in and checks every byte it hands out. Nothing is recomputed
/// or skipped: what cannot be read is an error. Memory and start-up time do not depend on the number
/// of regions, and hardly on that of images. Safe to use from several threads.
public final class TrainingReader: Sendable {
  private struct BlockKey: Equatable {
    var shard: Int
    var block: Int
  }

  private struct State {
    /// Each has a file open, of which a process may have 1,024.
    var shards = RecentlyUsed<Int, ShardReader>(limit: 256)
    /// Of shards whose files may have been closed; room for those of 300,000 images.
    var indices = RecentlyUsed<Int, ShardIndex>(limit: 32 << 20)
    var blocks: RecentlyUsed<BlockKey, ShardBlock>
    var order: UsableOrder?
  }

  /// How much memory decoded blocks take at most.
  public static let defaultBlockBytes = 16 << 20

  /// Where the cache lives.
  public let folder: CacheFolder
  let catalogue: Catalogue
  private let state: Mutex<State>
  private let decoders = BlockDecoders()
  /// The images that count, where the cache holds others as well.
  private let chosen: Set<Int>?

  /// Opens the cache of `recipe` under `folder`, also where nothing can be written.
  ///
  /// - Parameters:
  ///   - images: those to train on, where the cache holds others as well; nil for all.
  ///   - blockBytes: how much memory decoded blocks may take, for images that are asked for soon
  ///     after their neighbours.
  /// - Throws: `InputError`: only caches of other recipes here, with both hashes and the first
  ///   differences (`badData`), or none at all (`missingInput`).
  public init(
    folder: String, recipe: Recipe, only images: [Int]? = nil,
    blockBytes: Int = defaultBlockBytes
  ) throws(InputError) {
    chosen = images.map(Set.init)
    state = Mutex(State(blocks: RecentlyUsed(limit: blockBytes)))
    self.folder = CacheFolder(root: folder, recipe: recipe)
    try self.folder.requireRecipe()
    catalogue = try Catalogue(reading: self.folder.catalogue, recipe: recipe)
  }

  /// The ids of all images that have a row, ascending. O(images).
  public func imageIDs() throws(InputError) -> [Int] { try catalogue.finishedImages() }

  /// The ids of the images that can be trained on, ascending: those without a failure. O(images);
  /// `usableImageID` finds single ones.
  public func usableImageIDs() throws(InputError) -> [Int] {
    try catalogue.finishedImages(usableOnly: true)
  }

  /// How many images can be trained on.
  public func usableCount() throws(InputError) -> Int { try order().count }

  /// The usable image that `rank` others precede in ascending order of their ids.
  ///
  /// - Parameter rank: in `0 ..< usableCount()`.
  /// - Throws: `InputError` (`tryAgain`) where shards were added or removed since the first call.
  public func usableImageID(at rank: Int) throws(InputError) -> Int {
    try order().image(at: rank, in: catalogue)
  }

  /// Names the shards of this cache; what a training run was started on must be what it goes on
  /// with.
  public func manifest() throws(InputError) -> String { try order().manifest }

  /// How many images are done, and how they ended. O(images).
  public func progress() throws(InputError) -> CacheProgress { try catalogue.progress() }

  /// The record of an image.
  ///
  /// - Throws: `InputError`: the cache does not hold the image (`missingInput`); its shard is
  ///   damaged (`badData`, naming shard, block and image).
  public func record(of imageID: Int) throws(InputError) -> CacheRecord {
    let (block, index) = try place(of: imageID)
    return block.record(index)
  }

  /// The record of an image as it is stored, its embeddings in float16; half the memory of
  /// `record(of:)` and twice as fast.
  ///
  /// - Throws: as `record(of:)`.
  public func halfRecord(of imageID: Int) throws(InputError) -> HalfRecord {
    let (block, index) = try place(of: imageID)
    return block.halfRecord(index)
  }

  /// The block that holds an image, and which of its images it is.
  private func place(of imageID: Int) throws(InputError) -> (ShardBlock, Int) {
    guard let location = try catalogue.location(of: imageID) else {
      throw InputError(
        .missingInput, "the teacher cache does not hold image \(imageID)", at: folder.path,
        hint: "embed it first, as training never does; where it is embedded, "
          + "'vild cache verify' says what is wrong")
    }
    let block: ShardBlock
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

  private func order() throws(InputError) -> UsableOrder {
    if let known = state.withLock({ $0.order }) { return known }
    let order = try UsableOrder(of: catalogue, only: chosen)
    state.withLock { $0.order = order }
    return order
  }

  private func block(_ block: Int, of shard: Int) throws(InputError) -> ShardBlock {
    let key = BlockKey(shard: shard, block: block)
    if let known = state.withLock({ $0.blocks[key] }) { return known }
    let reader = try self.shard(shard)
    guard block < reader.footer.blocks.count else {
      throw ShardReader.damaged("it has no block \(block)", at: reader.path)
    }
    // Decoded outside the lock: two threads may do it twice, none waits for another's block.
    let decoded = try decoders.borrow { (decoder) throws(InputError) in
      try reader.block(block, using: decoder)
    }
    state.withLock { $0.blocks.insert(decoded, for: key, cost: decoded.bytes) }
    return decoded
  }

  private func shard(_ number: Int) throws(InputError) -> ShardReader {
    if let known = state.withLock({ $0.shards[number] }) { return known }
    let index = state.withLock { $0.indices[number] }
    let reader = try ShardReader(path: folder.shard(number), in: folder, known: index)
    try reader.requireNumber(number)
    state.withLock {
      $0.shards.insert(reader, for: number)
      $0.indices.insert(reader.index, for: number, cost: reader.index.cost)
    }
    return reader
  }
}
