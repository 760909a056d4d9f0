import Cache
import Images
import Support
import Synchronization

/// Reads images for embedding and remembers, until their records are made, what their files held and
/// looked like. Safe to use from several threads.
final class ReadFiles: Sendable {
  private let task: EmbeddingTask
  private let known = Mutex<[Int: (content: String, file: SeenFile?)]>([:])

  init(_ task: EmbeddingTask) { self.task = task }

  /// The pixels that annotations refer to.
  func image(_ id: Int) throws(ImageError) -> Image {
    let path = task.path(of: id)
    let file = try ImageFile(path)
    let seen = file.stamp.isSettled ? SeenFile(path: path, stamp: file.stamp) : nil
    let content = file.content
    known.withLock { $0[id] = (content, seen) }
    return try task.images.decoded(id, from: file).image
  }

  /// The hash of an image's file, nil where it could not be read, and what it looked like, nil where
  /// it is too young for that to tell anything.
  func take(_ id: Int) -> (content: String?, file: SeenFile?) {
    let found = known.withLock { $0.removeValue(forKey: id) }
    return (found?.content, found?.file)
  }
}
