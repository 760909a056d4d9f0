import Cache
import Foundation
import Regions
import Support

/// What a cache still lacks, the bytes that will take, and the room there is.
struct EmbeddingSize {
  /// Images without a row.
  let left: [Proposals]
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
  private static let bytesPerImage = 200
  /// Header, footer and seek table, and the rest of a block of the disk.
  private static let bytesPerShard = 4096

  /// - Parameter imagesPerShard: at least 1.
  /// - Throws: `InputError` for a cache that is there but cannot be read.
  init(_ task: EmbeddingTask, imagesPerShard: Int) throws(InputError) {
    var done = Set<Int>()
    var measured: Double?
    if Files.exists(task.folder.recipeFile) {
      let reader = try TrainingReader(folder: task.root, recipe: task.recipe)
      done = Set(try reader.imageIDs())
      measured = try TeacherCache.statistics(task.folder).bytesPerRegion
    }
    left = task.proposals.filter { !done.contains($0.imageID) }
    isMeasured = measured != nil
    // zstd makes 0.87 of a float16's two bytes; a box takes 16 bytes, a score 4.
    bytesPerRegion = measured ?? Double(task.recipe.teacher.dimension) * 2 * 0.87 + 20
    let shards = (left.count + imagesPerShard - 1) / imagesPerShard
    needed =
      Int(Double(left.regions) * bytesPerRegion) + left.count * Self.bytesPerImage
      + shards * Self.bytesPerShard
    place = task.folder.path
    free = try Files.freeBytes(at: place)
  }

  /// The refusal of a disk that is too small (`tryAgain`, exit code 75); nil where there is room.
  var refusal: InputError? {
    if left.isEmpty || free >= needed + Self.reserve { return nil }
    return InputError(
      .tryAgain, "the disk is too small for the embeddings", at: place,
      expected: "\(Self.text(needed + Self.reserve)) free", got: Self.text(free),
      hint: "free some space and run the same command again")
  }

  /// Bytes for people: "31.2 GB".
  static func text(_ bytes: Int) -> String {
    let units = ["bytes", "kB", "MB", "GB", "TB"]
    var (value, unit) = (Double(bytes), 0)
    while value >= 999.5 && unit < units.count - 1 { (value, unit) = (value / 1000, unit + 1) }
    return String(format: unit == 0 || value >= 99.95 ? "%.0f" : "%.1f", value) + " \(units[unit])"
  }
}

extension [Proposals] {
  /// The number of all regions.
  var regions: Int { reduce(0) { $0 + $1.boxes.count } }
}
