internal import CKernels
internal import Foundation
public import Regions
package import Support

/// What the cache holds of one image: its regions (R of them), each with its embedding (width D).
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
  /// R boxes.
  public var boxes: [Box]
  /// R objectness scores.
  public var scores: [Float]
  /// R x D, unit vectors row by row. Stored as float16.
  public var vectors: [Float]

  /// An image that was read: `ok`, or `noProposals` where `boxes` is empty.
  public init(
    imageID: Int, width: Int, height: Int, boxes: [Box], scores: [Float], vectors: [Float]
  ) {
    precondition(boxes.count == scores.count)
    self.imageID = imageID
    self.width = width
    self.height = height
    status = boxes.isEmpty ? .noProposals : .ok
    error = nil
    self.boxes = boxes
    self.scores = scores
    self.vectors = vectors
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
    boxes = []
    scores = []
    vectors = []
  }

  /// The rows in which something is not as the cache promises: unit vectors, finite boxes.
  ///
  /// - Throws: `InputError` (`badData`) that names the image and the region.
  package func check(dimension: Int, at place: String) throws(InputError) {
    precondition(vectors.count == boxes.count * dimension && scores.count == boxes.count)
    for (region, box) in boxes.enumerated() {
      guard box.x0.isFinite, box.y0.isFinite, box.x1.isFinite, box.y1.isFinite,
        scores[region].isFinite
      else {
        throw InputError(
          .badData, "region \(region) of image \(imageID) is not finite", at: place,
          got: "\(box) with score \(scores[region])")
      }
      let square = vectors.withUnsafeBufferPointer {
        let vector = $0.baseAddress! + region * dimension
        return vild_dot(vector, vector, dimension)
      }
      guard abs(square.squareRoot() - 1) <= 1e-2 else {
        throw InputError(
          .badData, "the embedding of region \(region) of image \(imageID) is no unit vector",
          at: place, expected: "norm 1", got: "norm \(square.squareRoot())")
      }
    }
  }

  /// Adds everything the record says to `hash`, lengths before contents.
  func feed(_ hash: SHA256) {
    let text = Array(ImageTable.text(error, content).utf8)
    let head = [imageID, width, height, Int(status.code), text.count, boxes.count, vectors.count]
    hash.update(Bytes.of(head.map { Int64($0).littleEndian }))
    hash.update(text)
    hash.update(Bytes.of(boxes.flatMap { [$0.x0, $0.y0, $0.x1, $0.y1] }))
    hash.update(Bytes.of(scores))
    vectors.withUnsafeBytes(hash.update)
  }
}
