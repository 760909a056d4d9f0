public import Tensors

/// The second stage of one method: what becomes of regions after RoIAlign.
///
/// Letters: R regions, S of them sampled for classes and boxes, M distilled; D embedding width,
/// C categories.
public protocol RegionMethod: Sendable {
  /// What the losses look at.
  ///
  /// - Parameters:
  ///   - regions: [S + M, side, side, channels], the sampled before the distilled.
  ///   - sampled: S
  ///   - names: [C, D] unit rows, the text embeddings of the base categories; not trained.
  func train(_ regions: Variable, sampled: Int, names: Tensor) -> RegionTraining

  /// What is said of regions before any category is asked for.
  ///
  /// - Parameter regions: [R, side, side, channels]
  func describe(_ regions: Variable) -> (description: RegionDescription, deltas: Tensor)

  /// Scores of regions for any categories.
  func scores(_ regions: RegionDescription, for categories: AskedCategories) -> RegionScores

  /// The same for inference, norms folded.
  ///
  /// - Parameter precision: of the products up to the description; must be available.
  func folded(_ precision: Precision) -> Self

  var parameters: [Parameter] { get }
}

/// What the losses of a step look at; what a method has not is nil.
public struct RegionTraining {
  /// [S, 1 + C] of the sampled regions, background first
  public let logits: Variable?
  /// [S, 4] of the sampled regions, relative to them with weights (10, 10, 5, 5)
  public let deltas: Variable
  /// [M, D] unit rows of the distilled regions
  public let embeddings: Variable?
}

/// What a student says of regions, whatever the categories.
public struct RegionDescription: Sendable {
  /// [R, D] unit rows that text is compared with
  public var text: Tensor?
  /// [R, D] unit rows that were distilled apart from `text`
  public var image: Tensor?
  /// [R, 1 + C] logits of background and the base categories: the closed vocabulary
  public var logits: Tensor?

  public init(text: Tensor? = nil, image: Tensor? = nil, logits: Tensor? = nil) {
    (self.text, self.image, self.logits) = (text, image, logits)
  }
}

/// How much the text head of an ensemble decides about a category: the exponent λ in
/// p = p_text^λ p_image^(1 - λ) (equation 4 of the paper).
public enum TextShare {
  /// Of base categories, of which there were labels.
  public static let base: Float = 2.0 / 3
  /// Of novel categories, which the teacher knows better.
  public static let novel: Float = 1.0 / 3
  /// Of a category of which neither is known, as in a vocabulary of the user's own.
  public static let unknown: Float = 0.5
}
