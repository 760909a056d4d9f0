import Cache
import Regions
import Support

/// What a cache still lacks, the bytes that will take, and the room there is.
struct EmbeddingSize {
  /// How many images have no row, and how many regions they have.
  let images, regions: Int
  /// Whether the regions are not known: so many there may be.
  let isEstimated: Bool
  /// Some images to measure on, with regions.
  let sample: () throws(InputError) -> [Proposals]
  /// Bytes of a region on disk.
  let bytesPerRegion: Double
  /// Whether `bytesPerRegion` was measured on the cache's shards.
  let isMeasured: Bool
  /// Bytes that the rest of the cache will take.
  let needed: Int
  /// Bytes free where it will lie.
  let free: Int
  private let place: String

  /// Publishing asks for this much more than a shard's own bytes.
  private static let reserve = 1 << 20
  /// An image's row in its shard and in the catalogue.
  private static let bytesPerImage = 500
  /// Header, footer and seek table, and the rest of a block of the disk.
  private static let bytesPerShard = 4096
  /// Images read to measure on; there is time for fewer.
  private static let sampled = 1000

  /// - Parameters:
  ///   - again: images that have a row and are to be embedded all the same.
  ///   - imagesPerShard: at least 1.
  /// - Throws: `InputError` for a cache that is there but cannot be read.
  init(_ task: EmbeddingTask, again: Set<Int>, imagesPerShard: Int) throws(InputError) {
    var done = Set<Int>()
    var measured: Double?
    if Files.exists(task.folder.recipeFile) {
      let reader = try CacheReader(folder: task.root, recipe: task.recipe)
      done = Set(try reader.imageIDs()).subtracting(again)
      measured = try RegionCache.statistics(task.folder).bytesPerRegion
    }
    let left = task.proposals.images.filter { !done.contains($0.id) }
    try self.init(
      images: left.count, regions: left.regions, isEstimated: false,
      sample: { () throws(InputError) in
        var generator = SeededGenerator(seed: 0)
        let some = left.filter { $0.count > 0 }.shuffled(using: &generator).prefix(Self.sampled)
        return try some.map { image throws(InputError) in try task.proposals.read(image.id) }
      },
      measured: measured, at: task.folder.path, width: task.recipe.teacher.dimension,
      imagesPerShard: imagesPerShard)
  }

  /// Of images whose regions are not known.
  ///
  /// - Parameters:
  ///   - estimate: how many images there are, the most regions of each, and some to measure on.
  ///   - place: a folder on the disk.
  ///   - width: of an embedding.
  init(
    _ estimate: (images: Int, regionsPerImage: Int, sampled: [Proposals]), at place: String,
    width: Int, imagesPerShard: Int
  ) throws(InputError) {
    try self.init(
      images: estimate.images, regions: estimate.images * estimate.regionsPerImage,
      isEstimated: true, sample: { estimate.sampled }, measured: nil, at: place, width: width,
      imagesPerShard: imagesPerShard)
  }

  private init(
    images: Int, regions: Int, isEstimated: Bool,
    sample: @escaping () throws(InputError) -> [Proposals], measured: Double?, at place: String,
    width: Int, imagesPerShard: Int
  ) throws(InputError) {
    (self.images, self.regions) = (images, regions)
    (self.isEstimated, self.sample) = (isEstimated, sample)
    isMeasured = measured != nil
    // zstd makes 0.87 of a float16's two bytes; a box takes 16 bytes, a score 4.
    bytesPerRegion = measured ?? Double(width) * 2 * 0.87 + 20
    let shards = (images + imagesPerShard - 1) / imagesPerShard
    needed =
      Int(Double(regions) * bytesPerRegion) + images * Self.bytesPerImage
      + shards * Self.bytesPerShard
    self.place = place
    free = try Files.freeBytes(at: place)
  }

  /// The refusal of a disk that is too small (`tryAgain`, exit code 75); nil where there is room.
  var refusal: InputError? {
    if images == 0 || free >= needed + Self.reserve { return nil }
    return InputError(
      .tryAgain, "the disk is too small for the embeddings", at: place,
      expected: "\(ByteSize.text(needed + Self.reserve)) free", got: ByteSize.text(free),
      hint: "free some space and run the same command again")
  }
}
