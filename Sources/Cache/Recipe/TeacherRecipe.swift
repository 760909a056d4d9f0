internal import Foundation
internal import Shards
internal import Support

/// Everything the embeddings of a teacher cache depend on. Another recipe is another cache; readers
/// refuse to mix them.
///
/// Rules are plain words here ("reflect", "half-to-even"), so that this room needs to know nothing
/// of the rooms that carry them out.
public struct TeacherRecipe: CacheRecipe {
  /// Which image tower made the embeddings.
  public struct Teacher: Codable, Equatable, Sendable {
    /// "clip", "siglip", "align" or "conse".
    public var family: String
    /// `Fingerprint` of the weights.
    public var weights: String
    /// D, the embedding width; at least 1.
    public var dimension: Int

    /// The fields, in their order.
    public init(family: String, weights: String, dimension: Int) {
      self.family = family
      self.weights = weights
      self.dimension = dimension
    }
  }

  /// How a region becomes the image tower's input.
  public struct Preprocessing: Codable, Equatable, Sendable {
    /// Side of the square input in pixels.
    public var inputSize: Int
    /// Crops taken of a region, as multiples of its side: [1, 1.5] in the paper.
    public var cropFactors: [Double]
    /// What stands beyond the image's edge.
    public var border: String
    /// How a box in float pixels becomes whole pixels.
    public var rounding: String
    /// The resize kernel.
    public var resize: String
    /// Subtracted a channel, in 0...1.
    public var mean: [Double]
    /// Divided by a channel, in 0...1.
    public var std: [Double]

    /// The fields, in their order.
    public init(
      inputSize: Int, cropFactors: [Double], border: String, rounding: String, resize: String,
      mean: [Double], std: [Double]
    ) {
      self.inputSize = inputSize
      self.cropFactors = cropFactors
      self.border = border
      self.rounding = rounding
      self.resize = resize
      self.mean = mean
      self.std = std
    }
  }

  /// Where the regions come from.
  public struct ProposalSource: Codable, Equatable, Sendable {
    /// `Fingerprint` of what made them: the proposal network and the choices of boxes, or the file
    /// that the user gave, by its name. Each image's own proposals are compared one by one.
    public var file: String
    /// Names of the categories whose boxes trained the proposal network.
    public var labels: [String]

    /// The fields, in their order.
    public init(file: String, labels: [String]) {
      self.file = file
      self.labels = labels
    }
  }

  /// Which image tower.
  public var teacher: Teacher
  /// What it was fed.
  public var preprocessing: Preprocessing
  /// How the embeddings of a region's crops become one unit vector.
  public var combination: String
  /// The arithmetic the tower ran in: "float32".
  public var numericMode: String
  /// Which regions.
  public var proposals: ProposalSource
  /// Version of the rules by which files become pixels. Every pixel is decoded, none of JPEG's scaled
  /// decoding. 1: turned as the annotated sizes say, stored or upright; 2: as stored; 3: upright.
  public var imageDecodePolicy: Int
  /// How vectors are stored: "float16".
  public var dtype: String
  /// How frames are compressed.
  public var codec: String
  /// Version of the shard layout.
  public var formatVersion: Int

  /// A recipe for shards as this program writes them: float16, byte planes in zstd frames.
  public init(
    teacher: Teacher, preprocessing: Preprocessing, combination: String, numericMode: String,
    proposals: ProposalSource, imageDecodePolicy: Int
  ) {
    precondition(teacher.dimension > 0)
    self.teacher = teacher
    self.preprocessing = preprocessing
    self.combination = combination
    self.numericMode = numericMode
    self.proposals = proposals
    self.imageDecodePolicy = imageDecodePolicy
    dtype = EmbeddingPrecision.float16.rawValue
    codec = CacheColumns.codec
    formatVersion = ShardFormat.version
  }

  package var columns: CacheColumns { CacheColumns(dimension: teacher.dimension) }
}
