public import Support
public import Tensors

/// A frozen vision and language model: images and category names go to one embedding space, where
/// the cosine tells how well they fit.
///
/// Shape letters: B images, S side of the input, C categories, D embedding width.
public protocol Teacher: Sendable {
  /// D
  var width: Int { get }

  /// How pixels become `embed`'s input.
  var preprocessing: Preprocessing { get }

  /// What category names are put into unless the user asks for something else.
  var templates: PromptTemplates { get }

  /// What the image tower gives, before normalisation.
  ///
  /// - Parameter pixels: [B, S, S, 3], preprocessed
  /// - Returns: [B, D]
  func embedUnnormalized(pixels: Tensor) -> Tensor

  /// Embeddings of category names: the unit mean over the templates of unit prompt embeddings.
  ///
  /// - Returns: [C, D], unit rows
  /// - Throws: `InputError` naming a category whose prompt the text tower cannot take in full.
  func embed(names: [String], with templates: PromptTemplates) throws(InputError) -> Tensor
}

extension Teacher {
  /// Image embeddings.
  ///
  /// - Parameter pixels: [B, S, S, 3], preprocessed
  /// - Returns: [B, D], unit rows
  public func embed(pixels: Tensor) -> Tensor {
    l2Normalize(Variable(embedUnnormalized(pixels: pixels))).value
  }

  /// Embeddings of category names in the teacher's own templates: [C, D], unit rows.
  ///
  /// - Throws: `InputError` naming a category whose prompt the text tower cannot take in full.
  public func embed(names: [String]) throws(InputError) -> Tensor {
    try embed(names: names, with: templates)
  }
}
