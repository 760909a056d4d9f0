import Cache
import Images
import Support

/// What the cache of a task lacks, and what of it is to be embedded again; found without embedding
/// anything. A record is right as long as its image has the content and the proposals that were embedded.
struct EmbeddingChanges {
  private let task: EmbeddingTask
  let cache: CacheChanges

  /// - Throws: `InputError` for a cache that is there but cannot be read.
  init(_ task: EmbeddingTask, failed mode: FailedImages) throws(InputError) {
    self.task = task
    cache = try CacheChanges(
      of: task.folder, holding: task.proposals.ids, failed: mode
    ) { Self.wanted(task.proposals.images[$0], of: task) }
  }

  private static func wanted(
    _ image: RegionsToEmbed.Image, of task: EmbeddingTask
  ) -> CacheChanges.Wanted {
    let (path, images) = (task.path(of: image.id), task.images)
    return .init(
      path: path,
      isRight: { known in
        // Corrected sizes of annotations may turn the photograph.
        let size = images.size(of: image.id)
        let isOfThatSize = size.map { $0 == (known.width, known.height) } ?? true
        return isOfThatSize && known.regions == image.hash
      },
      stamp: { FileStamp(path) },
      file: { () throws(ImageError) in try ImageFile(path) },
      decode: { file throws(ImageError) in _ = try images.decoded(image.id, from: file) })
  }

  /// Names the records that training will see, once what is to be embedded is: which images, their
  /// files' contents and their regions.
  func records() -> String {
    let again = cache.images
    let new = Dictionary(
      uniqueKeysWithValues: Parallel.map(Array(again)) { [task] image in
        (image, (try? ImageFile(task.path(of: image)))?.content ?? "")
      })
    var lines: [String] = []
    for image in task.proposals.images.sorted(by: { $0.id < $1.id }) {
      if let content = new[image.id] {
        lines.append("\(image.id) \(content) \(image.hash)")
      } else if let known = cache.known[image.id], !known.status.isFailure {
        lines.append(known.line(of: image.id))
      }
    }
    return Fingerprint.json(lines)
  }

  /// The same of a complete cache as it is.
  static func records(of task: EmbeddingTask, _ known: [Int: KnownImage]) -> String {
    Fingerprint.json(
      task.proposals.ids.sorted().compactMap { image in
        known[image].flatMap { $0.status.isFailure ? nil : $0.line(of: image) }
      })
  }
}

extension KnownImage {
  /// What training depends on.
  fileprivate func line(of image: Int) -> String { "\(image) \(content ?? "") \(regions ?? "")" }
}
