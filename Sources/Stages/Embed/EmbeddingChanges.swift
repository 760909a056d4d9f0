import Cache
import Images
import Regions
import Support

/// What a cache lacks, and what of it is to be embedded again; found without embedding anything.
///
/// A record is right as long as its image's file has the content that was embedded, and the image the
/// same proposals. Whether the content may have changed is told by the file's name, size and time.
struct EmbeddingChanges {
  private let task: EmbeddingTask
  /// The images that have a row.
  let known: [Int: KnownImage]
  /// Shards that are not there any more.
  private let lostShards: [Int]
  /// Images that have no row.
  private var missing: [Int] = []
  /// Images whose files or proposals have changed.
  private var changed: [Int] = []
  /// Images that failed and may not any more.
  private var failed: [Int] = []
  /// Images that ended the processes that embedded them, and are to be tried once more.
  private var crashed: [Int] = []
  /// Files that look otherwise and hold the same.
  private var seen: [Int: SeenFile] = [:]

  /// - Throws: `InputError` for a cache that is there but cannot be read.
  init(_ task: EmbeddingTask, failed mode: FailedImages) throws(InputError) {
    self.task = task
    guard try task.folder.hasCatalogue() else {
      (known, lostShards, missing) = ([:], [], task.proposals.ids)
      return
    }
    let reader = try CacheReader(folder: task.root, recipe: task.recipe)
    let known = try reader.knownImages()
    self.known = known
    lostShards = try reader.lostShards()
    let findings = Parallel.map(task.proposals.images) { image in
      Self.look(at: image, known[image.id], of: task, failed: mode)
    }
    for (image, finding) in zip(task.proposals.ids, findings) {
      switch finding {
      case .same: break
      case .seen(let file): seen[image] = file
      case .missing: missing.append(image)
      case .changed: changed.append(image)
      case .failed: failed.append(image)
      case .crashed: crashed.append(image)
      }
    }
  }

  /// Whether nothing is to be done.
  var isEmpty: Bool { images.isEmpty && lostShards.isEmpty }

  /// The images that are to be embedded, but for those of lost shards.
  var images: Set<Int> { Set(missing + changed + failed + crashed) }

  /// Notes what files look like now, so that they need not be read again; that they cannot be written
  /// is no harm.
  func noteSeen() {
    if !seen.isEmpty { try? TeacherCache.see(seen, in: task.folder) }
  }

  /// Queues what is to be embedded again, and nothing that is not wanted any more; returns what to
  /// tell the user about it.
  func queue(in cache: TeacherCache) throws(InputError) -> [String] {
    var notes: [String] = []
    let lost = try cache.embedLostShards()
    if !lost.isEmpty {
      notes.append(
        "embedding again what was in shards that are not there any more: "
          + lost.map(String.init).joined(separator: ", "))
    }
    try cache.withdraw(except: Set(task.proposals.ids))
    if !changed.isEmpty {
      let images = changed.count.counted("image")
      notes.append("embedding \(images) again whose files or proposals have changed")
    }
    let tried = failed.count + crashed.count
    if tried > 0 { notes.append("trying \(tried.counted("image")) again that failed before") }
    try cache.embedAgain(changed + failed + crashed, suspects: Set(crashed))
    return notes
  }

  /// Names the records that training will see, once what is to be embedded is: which images, their
  /// files' contents and their regions.
  func records() -> String {
    let again = images
    let new = Dictionary(
      uniqueKeysWithValues: Parallel.map(Array(again)) { [task] image in
        (image, (try? ImageFile(task.path(of: image)))?.content ?? "")
      })
    var lines: [String] = []
    for image in task.proposals.images.sorted(by: { $0.id < $1.id }) {
      if let content = new[image.id] {
        lines.append("\(image.id) \(content) \(image.hash)")
      } else if let known = known[image.id], !known.status.isFailure {
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

  // MARK: - One image

  private enum Finding {
    case same, seen(SeenFile), missing, changed, failed, crashed
  }

  private static func look(
    at image: RegionsToEmbed.Image, _ known: KnownImage?, of task: EmbeddingTask,
    failed mode: FailedImages
  ) -> Finding {
    guard let known else { return .missing }
    let hasFailed = known.status.isFailure
    if hasFailed && mode == .leave { return .same }
    if known.status == .crashed { return mode == .retry ? .crashed : .same }
    if !hasFailed {
      // Corrected sizes of annotations may turn the photograph.
      let size = task.images.size(of: image.id)
      let isOfThatSize = size.map { $0 == (known.width, known.height) } ?? true
      guard isOfThatSize, known.regions == image.hash else { return .changed }
    }
    let path = task.path(of: image.id)
    let isTried = hasFailed && mode == .retry
    if let file = known.file, file.path == path, file.stamp == FileStamp(path), !isTried {
      return .same
    }
    do throws(ImageError) {
      let file = try ImageFile(path)
      guard file.content == known.content else { return hasFailed ? .failed : .changed }
      if isTried {
        _ = try task.images.decoded(image.id, from: file)
        return .failed
      }
      return file.stamp.isSettled ? .seen(SeenFile(path: path, stamp: file.stamp)) : .same
    } catch {
      if hasFailed { return error.reason.status == known.status ? .same : .failed }
      return .changed
    }
  }
}

extension KnownImage {
  /// What training depends on.
  fileprivate func line(of image: Int) -> String { "\(image) \(content ?? "") \(regions ?? "")" }
}
