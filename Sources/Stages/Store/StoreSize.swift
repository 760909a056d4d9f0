import Cache
import Labelling
import Support

/// What a store still lacks, and the bytes that will take.
struct StoreSize {
  /// Images that have to be looked at.
  let left: Int
  /// Bytes of an image on disk.
  let bytesPerImage: Double
  /// Whether that was measured on the store's shards; else of as many regions as are kept at most,
  /// not compressed.
  let isMeasured: Bool
  /// Bytes that the rest of the store will take.
  let needed: Int
  /// Bytes free where it will lie.
  let free: Int
  private let place: String

  /// An image's row in its shard and in the catalogue, its name among it.
  private static let rowBytes = 600.0
  /// Fewer do not tell what an image takes.
  private static let fewest = 100

  /// - Throws: `InputError` for a store that is there but cannot be read.
  init(_ task: StoreTask, left: Int) throws(InputError) {
    (self.left, place) = (left, task.folder.path)
    var measured: Double?
    if Files.exists(task.folder.recipeFile), try task.folder.hasCatalogue() {
      let known = try RegionCache.statistics(task.folder)
      let images = known.imagesByStatus.values.reduce(0, +)
      if images >= Self.fewest { measured = Double(known.bytes) / Double(images) + Self.rowBytes }
    }
    isMeasured = measured != nil
    bytesPerImage =
      measured ?? Double(task.recipe.regions * task.recipe.columns.regionBytes) + Self.rowBytes
    needed = Int(Double(left) * bytesPerImage)
    free = try Files.freeBytes(at: task.run)
  }

  /// The refusal of a disk that is too small (`tryAgain`, exit code 75); nil where there is room.
  var refusal: InputError? {
    if left == 0 || needed <= free { return nil }
    return InputError(
      .tryAgain, "the disk is too small for the region store", at: place,
      expected: "\(ByteSize.text(needed)) free", got: ByteSize.text(free),
      hint: "free some space, or lower detection.store.regions or .precision")
  }
}
