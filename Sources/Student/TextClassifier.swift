import Support
public import Tensors

/// Classification by text (section 3.2): the cosines of a region's embedding with the text
/// embeddings of the category names, and with one learned embedding that stands for background.
public struct TextClassifier: Sendable {
  /// [1, D], not normalised
  package let background: Parameter
  package let temperature: Float

  init(embeddingWidth: Int, temperature: Float, using generator: inout SeededGenerator) {
    background = Parameter(
      "text.background",
      .normal([1, embeddingWidth], standardDeviation: 0.01, using: &generator), decays: false)
    self.temperature = temperature
  }

  var parameters: [Parameter] { [background] }

  /// Lets training begin with this embedding of background, D numbers, instead of a random one.
  func startBackground(at embedding: [Float]) {
    background.value = Tensor(background.value.shape, embedding)
  }

  /// Logits of background and each category: cosine divided by the temperature.
  ///
  /// - Parameters:
  ///   - regions: [R, D] unit rows
  ///   - categories: [C, D] unit rows; not trained
  /// - Returns: [R, 1 + C], background first
  public func logits(_ regions: Variable, categories: Tensor) -> Variable {
    let background = l2Normalize(self.background(on: regions.tape))
    let rows = concatenate([background, regions.tape?.constant(categories) ?? Variable(categories)])
    return scale(innerProducts(regions, rows), by: 1 / temperature)
  }

  /// Regions' embeddings [R, D], unit rows, to be compared with background and any names.
  func head(_ regions: Tensor) -> NameClassifier.Head {
    NameClassifier.Head(
      rows: regions, background: l2Normalize(Variable(background.value)).value,
      temperature: temperature)
  }
}
