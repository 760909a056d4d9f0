public import Images
public import Regions

/// What became of an image's regions.
public struct RegionResult: Sendable {
  /// An image's regions in the teacher's space.
  public struct Embeddings: Sendable {
    /// Of the image, in pixels.
    public let width: Int
    /// Of the image, in pixels.
    public let height: Int
    /// Those of the request, in its order, each with a unit vector.
    public let regions: EmbeddedRegions
  }

  /// What was to be embedded.
  public let request: Proposals
  /// The embeddings, or why there is no image.
  public let outcome: Result<Embeddings, ImageError>
}

/// Where the time of embedding went, in seconds, summed over the workers.
public struct EmbeddingTimes: Hashable, Sendable, CustomStringConvertible {
  /// Reading and decoding images.
  public var decode = 0.0
  /// Cutting crops out, resizing and normalising them.
  public var crops = 0.0
  /// The image tower.
  public var tower = 0.0

  /// No time at all.
  public init() {}

  /// The share of each, "decode 1%, crop and resize 2%, tower 97%".
  public var description: String {
    let sum = max(decode + crops + tower, .leastNormalMagnitude)
    func percent(_ seconds: Double) -> Int { Int((100 * seconds / sum).rounded()) }
    return "decode \(percent(decode))%, crop and resize \(percent(crops))%, "
      + "tower \(percent(tower))%"
  }

  /// Both times.
  public static func + (a: EmbeddingTimes, b: EmbeddingTimes) -> EmbeddingTimes {
    var sum = a
    sum.decode += b.decode
    sum.crops += b.crops
    sum.tower += b.tower
    return sum
  }
}
