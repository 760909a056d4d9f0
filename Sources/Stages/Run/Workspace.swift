import Datasets
import Support
import Synchronization

/// What a command has read, so that it is read once, and what it relies on. Runs of a comparison share
/// it. Safe to use from several threads.
final class Workspace: Sendable {
  /// What a command's receipt is to tell.
  struct Used {
    /// Nil where images are so young that a later change might not show.
    var looks: [Looks]? = []
    /// The folders of finished stages.
    var stages: Set<String> = []
    /// The folders of complete caches.
    var caches: Set<String> = []
  }

  private struct Key: Hashable {
    let annotations, folder: String
    let choice: ImageChoice
  }

  private struct State {
    var datasets: [Key: (COCODataset, ImageFiles)] = [:]
    var hashes: [String: String] = [:]
    var used = Used()
  }

  private let state = Mutex(State())

  var used: Used { state.withLock(\.used) }

  /// Notes that the command relies on a finished stage.
  func use(stage path: String) { state.withLock { _ = $0.used.stages.insert(path) } }

  /// Notes that the command relies on a complete cache.
  func use(cache path: String) { state.withLock { _ = $0.used.caches.insert(path) } }

  /// Notes what files looked like before the command read them; nil where some are too young to tell.
  func use(_ looks: [Looks?]) {
    let settled = looks.compactMap(\.self)
    state.withLock { state in
      state.used.looks =
        settled.count == looks.count ? state.used.looks.map { $0 + settled } : nil
    }
  }

  /// A data set with the files of its images, read by `read` the first time.
  func dataset(
    _ annotations: String, in folder: String, choosing choice: ImageChoice,
    read: () throws(InputError) -> (COCODataset, ImageFiles)
  ) throws(InputError) -> (COCODataset, ImageFiles) {
    let key = Key(annotations: annotations, folder: folder, choice: choice)
    if let known = state.withLock({ $0.datasets[key] }) { return known }
    let (dataset, files) = try read()
    var looks = [Looks(at: dataset.images.map(files.path), in: folder)]
    if dataset.isVOC { looks.append(Looks(at: dataset.annotationFiles, in: annotations)) }
    use(looks)
    state.withLock { $0.datasets[key] = (dataset, files) }
    return (dataset, files)
  }

  /// The hash of something that does not change while the command is at work, found the first time.
  func hash(
    of path: String, _ find: () throws(InputError) -> String
  ) throws(InputError) -> String {
    if let known = state.withLock({ $0.hashes[path] }) { return known }
    let hash = try find()
    state.withLock { $0.hashes[path] = hash }
    return hash
  }
}
