internal import CKernels
internal import Foundation
public import Regions
package import Support

/// What a cache holds of one image: its regions, each with its embedding or, of a student with two heads,
/// both of them one after the other.
public struct CacheRecord: Equatable, Sendable {
  /// The data set's image id.
  public var imageID: Int
  /// Of the image in pixels; 0 where it could not be read.
  public var width: Int
  /// Likewise.
  public var height: Int
  /// How the image ended.
  public var status: ImageStatus
  /// Why the image failed, in one line; nil unless the status is a failure.
  public var error: String?
  /// SHA-256 in hex of the image's file, as it was embedded; nil where it could not be read, or of
  /// records of the first release.
  public var content: String?
  /// What tells the image from others, where images have names.
  public var name: String?
  /// What is odd about a file all of whose pixels are there; of images that have names.
  public var note: String?
  /// In pixels of the original image, with unit vectors; none of an image that failed. They are stored
  /// as the cache's columns say.
  public var regions: EmbeddedRegions
  /// R x side x side cells in 0...1 of the regions' masks, row by row; none where the cache keeps none.
  public var masks: [Float] = []

  /// An image that was read: `ok`, or `noProposals` where there are no regions.
  public init(imageID: Int, width: Int, height: Int, regions: EmbeddedRegions) {
    self.imageID = imageID
    self.width = width
    self.height = height
    status = regions.isEmpty ? .noProposals : .ok
    error = nil
    self.regions = regions
  }

  /// An image that failed.
  ///
  /// - Parameter status: a failure.
  public init(
    imageID: Int, failed status: ImageStatus, error: String, width: Int = 0, height: Int = 0
  ) {
    precondition(status.isFailure)
    self.imageID = imageID
    self.width = width
    self.height = height
    self.status = status
    self.error = error
    regions = EmbeddedRegions()
  }

  /// Whether all is as the cache promises: unit vectors, finite boxes, cells in 0...1.
  ///
  /// - Throws: `InputError` (`badData`) that names the image and the region.
  package func check(_ columns: CacheColumns, at place: String) throws(InputError) {
    precondition(regions.vectors.count == regions.count * columns.width)
    precondition(masks.count == regions.count * columns.maskSide * columns.maskSide)
    precondition((name != nil) == columns.isNamed)
    for (row, region) in regions.regions.enumerated() {
      guard region.box.isFinite, region.score.isFinite else {
        throw InputError(
          .badData, "region \(row) of image \(imageID) is not finite", at: place,
          got: "\(region.box) with score \(region.score)")
      }
      for head in 0..<columns.heads {
        let square = regions.vectors.withUnsafeBufferPointer {
          let vector = $0.baseAddress! + row * columns.width + head * columns.dimension
          return vild_dot(vector, vector, columns.dimension)
        }
        guard abs(square.squareRoot() - 1) <= 1e-2 else {
          throw InputError(
            .badData, "the embedding of region \(row) of image \(imageID) is no unit vector",
            at: place, expected: "norm 1", got: "norm \(square.squareRoot())")
        }
      }
    }
    guard masks.allSatisfy({ 0...1 ~= $0 }) else {
      throw InputError(
        .badData, "a mask of image \(imageID) has cells outside 0...1", at: place)
    }
  }

  /// Adds everything the record says to `hash`, lengths before contents.
  func feed(_ hash: SHA256) {
    let text = Array(ImageTable.text(error, content).utf8)
    let head = [
      imageID, width, height, Int(status.code), text.count, regions.count, regions.vectors.count,
    ]
    let (edges, scores) = regions.regions.columns
    hash.update(Bytes.of(head.map { Int64($0).littleEndian }))
    hash.update(text)
    hash.update(Bytes.of(edges))
    hash.update(Bytes.of(scores))
    regions.vectors.withUnsafeBytes(hash.update)
    guard let name else { return }
    for text in [name, note ?? ""] {
      hash.update(Bytes.of([Int64(text.utf8.count).littleEndian]))
      hash.update(Array(text.utf8))
    }
    masks.withUnsafeBytes(hash.update)
  }
}
