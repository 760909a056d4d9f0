public import Support
public import Tensors

/// A frozen vision and language model: images and category names go to one embedding space, where
/// the cosine tells how well they fit.
///
/// Shape letters: B images, S side of the input, C categories, D embedding width.
public protocol Teacher: Sendable {
  associatedtype Words: TextTower

  /// D
  var width: Int { get }

  /// How pixels become `embed`'s input.
  var preprocessing: Preprocessing { get }

  /// How many crops go through the image tower at once. Embeddings may depend on it in their last
  /// bits, so it belongs to the teacher and not to the machine.
  var cropsPerBatch: Int { get }

  /// Reads category names: [N, D].
  var textTower: Words { get }

  /// What category names are put into unless the user asks for something else.
  var templates: PromptTemplates { get }

  /// What the image tower gives, before normalisation.
  ///
  /// - Parameter pixels: [B, S, S, 3], preprocessed
  /// - Returns: [B, D]
  func embedUnnormalized(pixels: Tensor) -> Tensor
}

extension Teacher {
  /// Matrix products of this many images are near a core's best.
  public var cropsPerBatch: Int { 32 }

  /// Image embeddings.
  ///
  /// - Parameter pixels: [B, S, S, 3], preprocessed
  /// - Returns: [B, D], unit rows
  public func embed(pixels: Tensor) -> Tensor {
    l2Normalize(Variable(embedUnnormalized(pixels: pixels))).value
  }

  /// Embeddings of category names, in the teacher's own templates unless told otherwise: the unit
  /// mean over the templates of unit prompt embeddings.
  ///
  /// - Returns: [C, D], unit rows
  /// - Throws: `InputError` naming a category whose prompt the text tower cannot take in full.
  public func embed(
    names: [String], with templates: PromptTemplates? = nil
  ) throws(InputError) -> Tensor {
    try textTower.embed(names: names, with: templates ?? self.templates)
  }
}
