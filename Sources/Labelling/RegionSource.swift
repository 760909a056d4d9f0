import Corpora
package import Images
package import Support

/// Where the regions of a corpus's images come from.
package protocol RegionSource: Sendable {
  /// What they are scored by.
  var scorer: any RegionScorer { get }
  /// How many images a thread takes at a time: more where an image takes less than handing it over, and
  /// neighbours lie together.
  var imagesAtOnce: Int { get }

  /// - Throws: `InputError` that names the image, where nothing finite is said of it, or its regions
  ///   cannot be read. An image that cannot be read is no error.
  func look(at item: ImageLabeller.Item) throws(InputError) -> LookedAtImage
}

/// What is known of an image once it was looked at.
package struct LookedAtImage {
  /// What became of it.
  package enum Outcome {
    /// With the image's size as decoded, in pixels.
    case found(FoundRegions, width: Int, height: Int)
    /// There is no image.
    case failed(ImageError)
    /// The same, of long ago.
    case hadFailed(reason: String)
  }

  package var outcome: Outcome
  /// SHA-256 in hex of its file; nil where that could not be read.
  package var content: String?
  /// Its file as it looked before it was read.
  package var stamp: FileStamp?
  /// What is odd about a file all of whose pixels are there.
  package var note: String?
}

/// A detector looks at the images' files.
package struct DetectedRegions: RegionSource {
  private let detector: any Detector
  private let images: FileImages
  package var scorer: any RegionScorer { detector.scorer }
  package var imagesAtOnce: Int { 1 }

  package init(_ detector: any Detector, in images: FileImages) {
    (self.detector, self.images) = (detector, images)
  }

  package func look(at item: ImageLabeller.Item) throws(InputError) -> LookedAtImage {
    var looked = LookedAtImage(outcome: .hadFailed(reason: ""))
    let decoded: Image.Decoded
    do throws(ImageError) {
      let file = try ImageFile(item.name, of: images.source)
      (looked.content, looked.stamp) = (file.content, file.stamp)
      decoded = try images.decode(item, file, images.place(of: item))
    } catch {
      looked.outcome = .failed(error)
      return looked
    }
    let image = decoded.image
    do throws(InputError) {
      looked.outcome = .found(
        try detector.regions(of: image), width: image.width, height: image.height)
    } catch {
      throw error.at(images.place(of: item))
    }
    looked.note = decoded.note
    return looked
  }
}
