import Cache
import Images
import Labelling
import Support

/// What a cache lacks, and what of it is to be made again; found without making anything.
///
/// A record is right as long as its image's file has the content that was looked at. Whether that may have
/// changed is told by the file's name, size and time.
struct CacheChanges {
  private let folder: CacheFolder
  /// All that the cache is to hold.
  private let ids: [Int]
  /// The images that have a row.
  let known: [Int: KnownImage]
  /// Shards that are not there any more, and the images that were in them.
  private let lostShards: [Int]
  private let lostImages: [Int]
  /// Images that have no row.
  private var missing: [Int] = []
  /// Images whose files, or what else is held against them, have changed.
  private var changed: [Int] = []
  /// Images that failed and may not any more.
  private var failed: [Int] = []
  /// Images that ended the processes that worked on them, and are to be tried once more.
  private var crashed: [Int] = []
  /// Files that look otherwise and hold the same.
  private var seen: [Int: SeenFile] = [:]

  /// An image that the cache is to hold.
  struct Wanted {
    /// In full, or what else tells the file.
    var path: String
    /// Whether all but its file is as it was.
    var isRight: (KnownImage) -> Bool = { _ in true }
    var stamp: () -> FileStamp?
    var file: () throws(ImageError) -> ImageFile
    /// Whether the file can be made an image of.
    var decode: (ImageFile) throws(ImageError) -> Void
  }

  /// - Parameter wanted: the image whose id is at `index`.
  /// - Throws: `InputError` for a cache that is there but cannot be read.
  init(
    of folder: CacheFolder, holding ids: [Int], failed mode: FailedImages,
    _ wanted: @Sendable (_ index: Int) -> Wanted
  ) throws(InputError) {
    (self.folder, self.ids) = (folder, ids)
    guard try folder.hasCatalogue() else {
      (known, lostShards, lostImages, missing) = ([:], [], [], ids)
      return
    }
    let reader = try CacheReader(folder)
    let known = try reader.knownImages()
    self.known = known
    lostShards = try reader.lostShards()
    lostImages = lostShards.isEmpty ? [] : try reader.lostImages()
    let findings = Parallel.map(Array(ids.indices)) {
      Self.look(at: wanted($0), known[ids[$0]], failed: mode)
    }
    for (image, finding) in zip(ids, findings) {
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

  /// The images that are to be worked on, but for those of lost shards.
  var images: Set<Int> { Set(missing + changed + failed + crashed) }

  /// The same with those of lost shards.
  var left: Set<Int> { images.union(lostImages) }

  /// Notes what files look like now, so that they need not be read again; that they cannot be written
  /// is no harm.
  func noteSeen() {
    if !seen.isEmpty { try? RegionCache.see(seen, in: folder) }
  }

  /// Queues what is to be made again, and nothing that is not wanted any more.
  ///
  /// - Parameters:
  ///   - verb: what the stage does, as in "embedding".
  ///   - what: of an image is made of beside its file, as in " or proposals".
  /// - Returns: what to tell the user about it.
  func queue(
    in cache: RegionCache, verb: String, orChanged what: String = ""
  ) throws(InputError) -> [String] {
    var notes: [String] = []
    let lost = try cache.embedLostShards()
    if !lost.isEmpty {
      notes.append(
        "\(verb) again what was in shards that are not there any more: "
          + lost.map(String.init).joined(separator: ", "))
    }
    try cache.withdraw(except: Set(ids))
    if !changed.isEmpty {
      let images = changed.count.counted("image")
      notes.append("\(verb) \(images) again whose files\(what) have changed")
    }
    let tried = failed.count + crashed.count
    if tried > 0 { notes.append("trying \(tried.counted("image")) again that failed before") }
    try cache.embedAgain(changed + failed + crashed, suspects: Set(crashed))
    return notes
  }

  // MARK: - One image

  private enum Finding {
    case same, seen(SeenFile), missing, changed, failed, crashed
  }

  private static func look(
    at image: Wanted, _ known: KnownImage?, failed mode: FailedImages
  ) -> Finding {
    guard let known else { return .missing }
    let hasFailed = known.status.isFailure
    if hasFailed && mode == .leave { return .same }
    if known.status == .crashed { return mode == .retry ? .crashed : .same }
    guard hasFailed || image.isRight(known) else { return .changed }
    let isTried = hasFailed && mode == .retry
    if let file = known.file, file.path == image.path, file.stamp == image.stamp(), !isTried {
      return .same
    }
    do throws(ImageError) {
      let file = try image.file()
      guard file.content == known.content else { return hasFailed ? .failed : .changed }
      if isTried {
        try image.decode(file)
        return .failed
      }
      return file.stamp.isSettled ? .seen(SeenFile(path: image.path, stamp: file.stamp)) : .same
    } catch {
      if hasFailed { return error.reason.status == known.status ? .same : .failed }
      return .changed
    }
  }
}
