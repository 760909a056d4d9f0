package import Corpora
package import Detection
package import Images
package import Support

/// The images of a corpus as they are now.
package protocol CorpusImages: Sendable {
  /// What errors call an image.
  func place(of item: ImageLabeller.Item) -> String

  /// Whether what a file of detections has of an image is right.
  ///
  /// - Parameter stamp: what the image's file looked like when that was last known to be so.
  func finding(
    of item: ImageLabeller.Item, _ entry: DetectionFile.Entry, seen stamp: FileStamp?
  ) -> ImageFinding
}

/// What is found out about an image that a file of detections has.
package enum ImageFinding: Sendable {
  /// With its file as it looks now, where that is known.
  case same(FileStamp?)
  case other
}

/// The images' files. An image is told by its file's content; whether the content may have changed, by
/// the file's size and time.
package struct FileImages: CorpusImages {
  let source: ImageSource
  private let failed: FailedImages
  /// The pixels of an item's file at a path.
  package let decode: Decode

  package typealias Decode =
    @Sendable (ImageLabeller.Item, ImageFile, _ path: String) throws(ImageError) -> Image.Decoded

  /// - Parameter failed: what becomes of images that failed before.
  package init(_ source: ImageSource, failed: FailedImages, decode: @escaping Decode) {
    (self.source, self.failed, self.decode) = (source, failed, decode)
  }

  package func place(of item: ImageLabeller.Item) -> String { source.place(of: item.name) }

  package func finding(
    of item: ImageLabeller.Item, _ entry: DetectionFile.Entry, seen: FileStamp?
  ) -> ImageFinding {
    let hasFailed = entry.failure != nil
    if hasFailed && failed == .leave { return .same(nil) }
    let isUnchanged = seen != nil && source.stamp(of: item.name) == seen
    if isUnchanged && !(hasFailed && failed == .retry) { return .same(nil) }
    do throws(ImageError) {
      let file = try ImageFile(item.name, of: source)
      guard file.content == entry.content else { return .other }
      if hasFailed && failed == .retry { _ = try decode(item, file, place(of: item)) }
      return hasFailed && failed == .retry ? .other : .same(file.stamp)
    } catch {
      return "\(error.inputError)" == entry.failure ? .same(source.stamp(of: item.name)) : .other
    }
  }
}
