internal import CKernels
internal import Foundation
public import Regions
package import Support

/// What the cache holds of one image: its regions, each with its embedding.
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
  /// In pixels of the original image, with unit vectors that are stored as float16; none of an image
  /// that failed.
  public var regions: EmbeddedRegions

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

  /// The rows in which something is not as the cache promises: unit vectors, finite boxes.
  ///
  /// - Throws: `InputError` (`badData`) that names the image and the region.
  package func check(dimension: Int, at place: String) throws(InputError) {
    precondition(regions.vectors.count == regions.count * dimension)
    for (row, region) in regions.regions.enumerated() {
      guard region.box.isFinite, region.score.isFinite else {
        throw InputError(
          .badData, "region \(row) of image \(imageID) is not finite", at: place,
          got: "\(region.box) with score \(region.score)")
      }
      let square = regions.vectors.withUnsafeBufferPointer {
        let vector = $0.baseAddress! + row * dimension
        return vild_dot(vector, vector, dimension)
      }
      guard abs(square.squareRoot() - 1) <= 1e-2 else {
        throw InputError(
          .badData, "the embedding of region \(row) of image \(imageID) is no unit vector",
          at: place, expected: "norm 1", got: "norm \(square.squareRoot())")
      }
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
  }
}
