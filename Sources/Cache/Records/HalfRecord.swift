/// What the cache holds of one image as it is stored: embeddings as float16. For whoever passes
/// them on or computes in half precision; `CacheRecord` has them as floats.
public struct HalfRecord: Equatable, Sendable {
  /// The data set's image id.
  public var imageID: Int
  /// Of the image in pixels; 0 where it could not be read.
  public var width: Int
  /// Likewise.
  public var height: Int
  /// How the image ended.
  public var status: ImageStatus
  /// Why the image failed; nil unless the status is a failure.
  public var error: String?
  /// SHA-256 in hex of the image's file, as it was embedded; nil where it is not known.
  public var content: String?
  /// R x 4: x0, y0, x1, y1 of each region in pixels of the original image, half-open.
  public var boxes: [Float]
  /// R objectness scores.
  public var scores: [Float]
  /// R x D, the bits of IEEE 754 half precision, unit vectors row by row.
  public var vectors: [UInt16]
}
