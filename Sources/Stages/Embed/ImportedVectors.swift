import Cache
import CacheImport
import Support

/// What importing vectors came to. `schemas/cache-reports.md` describes its JSON.
public struct ImportedVectors: Encodable, Sendable {
  /// The folder of the cache.
  private let cache: String
  /// Files that were read.
  private let files: Int
  /// Images and regions that are new in the cache.
  private(set) var images = 0
  private(set) var regions = 0
  /// Images whose vectors the cache had, equal to a cosine near 1.
  private let imagesThere: Int
  /// Images that are in several files, with the same vectors.
  private let imagesInSeveral: Int
  /// Images that cannot be read here and have a row that says so.
  private(set) var imagesFailed = 0
  /// Images that failed where the vectors were computed: left to `embed`.
  private let failedElsewhere: [Int]
  /// Images that have changed since they were listed: left to `embed`.
  private let changed: [Int]
  /// Images that have no row yet.
  var missing: [Int] = []
  /// What has changed of the first of `changed`.
  private let why: String?

  private enum CodingKeys: CodingKey {
    case cache, files, images, regions, imagesThere, imagesInSeveral, imagesFailed
    case failedElsewhere, changed, missing
  }

  /// - Parameter there: how many of the images the cache had.
  init(_ vectors: VectorFiles, into folder: CacheFolder, there: Int) {
    cache = folder.path
    files = vectors.paths.count
    (imagesThere, imagesInSeveral) = (there, vectors.doubles)
    (failedElsewhere, changed) = (vectors.failed, vectors.changed.map(\.image))
    why = vectors.changed.first.map { "\($0.why)" }
  }

  /// What `ImportWork` did.
  var published: (images: Int, regions: Int, failed: Int) {
    get { (images, regions, imagesFailed) }
    set { (images, regions, imagesFailed) = newValue }
  }

  /// For people.
  public var lines: [String] {
    var lines = [
      "\(cache): added \(images.counted("image")), \(regions.counted("region")) of "
        + "\(files.counted("file")); \(imagesThere) were there already"
    ]
    if imagesFailed > 0 { lines.append("\(imagesFailed.counted("image")) cannot be read here") }
    if !failedElsewhere.isEmpty {
      lines.append("\(named(failedElsewhere)) failed elsewhere and left to 'vild embed'")
    }
    if let why { lines.append("\(named(changed)) left out, as changed since: \(why)") }
    lines.append(
      missing.isEmpty
        ? "nothing is missing: 'vild embed' has nothing to do"
        : "\(named(missing)) still missing: 'vild embed --list' lists them, 'vild embed' embeds them"
    )
    return lines
  }

  /// As in "12 images (3, 5, 8, ...) are".
  private func named(_ images: [Int]) -> String {
    let some = images.prefix(3).map(String.init).joined(separator: ", ")
    return "\(images.count.counted("image")) (\(some)\(images.count > 3 ? ", ..." : "")) "
      + (images.count == 1 ? "is" : "are")
  }
}
