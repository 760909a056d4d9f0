import Cache
import Images
import Regions
import Support

/// What a cache lacks, and what of it is to be embedded again; found without embedding anything.
struct EmbeddingChanges {
  /// Whether images have no row, or there is no cache at all.
  private let isIncomplete: Bool
  /// Shards that are not there any more.
  private let lostShards: [Int]
  /// Images that failed and may not any more.
  private var failed: [Int] = []
  /// Those of them that ended the processes that embedded them.
  private var crashed: Set<Int> = []

  /// - Parameter retries: whether images that failed are tried again: those that can be read now, or
  ///   fail in another way, and those that crashed.
  /// - Throws: `InputError` for a cache that is there but cannot be read.
  init(_ task: EmbeddingTask, retries: Bool) throws(InputError) {
    guard Files.exists(task.folder.catalogue) else {
      (isIncomplete, lostShards) = (true, [])
      return
    }
    let reader = try TrainingReader(folder: task.root, recipe: task.recipe)
    let done = Set(try reader.imageIDs())
    isIncomplete = !task.proposals.allSatisfy { done.contains($0.imageID) }
    lostShards = try reader.lostShards()
    guard retries else { return }
    for failure in try reader.failures() {
      if failure.status == .crashed {
        crashed.insert(failure.imageID)
      } else if !Self.stillFails(failure, in: task.images) {
        failed.append(failure.imageID)
      }
    }
  }

  /// Whether nothing is to be done.
  var isEmpty: Bool { !isIncomplete && lostShards.isEmpty && failed.isEmpty && crashed.isEmpty }

  /// Queues what is to be embedded again; returns what to tell the user about it.
  func queue(in cache: TeacherCache) throws(InputError) -> [String] {
    var notes: [String] = []
    let lost = try cache.embedLostShards()
    if !lost.isEmpty {
      notes.append(
        "embedding again what was in shards that are not there any more: "
          + lost.map(String.init).joined(separator: ", "))
    }
    let again = failed + crashed.sorted()
    if !again.isEmpty {
      try cache.embedAgain(again, suspects: crashed)
      notes.append("trying \(again.count) images again that failed before")
    }
    return notes
  }

  /// Whether reading the image fails as it did.
  private static func stillFails(_ failure: ImageFailure, in images: AnnotatedImages) -> Bool {
    do throws(ImageError) {
      _ = try images.read(failure.imageID)
      return false
    } catch {
      return error.reason.status == failure.status && "\(error.inputError)" == failure.error
    }
  }
}
