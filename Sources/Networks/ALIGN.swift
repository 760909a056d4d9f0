public import Support
public import Tensors

/// ALIGN (Jia et al., 2021): an EfficientNet and a BERT that embed pictures and texts to one space.
///
/// Shape letters: B images, S side, N texts, D embedding width.
public struct ALIGN: Sendable {
  /// The sizes.
  public let configuration: ALIGNConfiguration
  /// Its pooled channels are an image's embedding; trainable, norms apart.
  public let vision: EfficientNet
  /// The encoder of texts.
  public let text: BERT
  /// Of the first token's last hidden state, to D.
  public let projection: Linear
  /// What cosines are divided by.
  public let temperature: Float

  /// Reads a checkpoint with Hugging Face's names; BERT's pooler is passed over.
  ///
  /// - Throws: `InputError` naming the tensor that is missing or has another shape.
  public static func load(
    _ configuration: ALIGNConfiguration, from source: some TensorSource
  ) throws(InputError) -> ALIGN {
    ALIGN(
      configuration: configuration,
      vision: try .load(
        configuration.vision, from: source.under("vision_model."), names: .huggingFace),
      text: try .load(configuration.text, from: source.under("text_model.")),
      projection: try .load(
        "text_projection", input: configuration.text.width, output: configuration.width,
        from: source),
      temperature: try source.tensor("temperature", shape: []).scalar)
  }

  /// Reads a published folder: `config.json` and weights in any form that `Weights` reads.
  ///
  /// - Throws: `InputError` naming a file that is missing or damaged, a tower that is not there, or
  ///   a tensor that is missing, of another shape or not ALIGN's.
  public static func load(folder: String) throws(InputError) -> ALIGN {
    let configuration = try ALIGNConfiguration(path: "\(folder)/config.json")
    let weights = try Weights(path: folder)
    let names = weights.names
    for (prefix, tower) in [("vision_model.", "image"), ("text_model.", "text")] {
      guard names.contains(where: { $0.hasPrefix(prefix) }) else {
        throw InputError(
          .badData, "the checkpoint has no \(tower) tower", at: folder,
          expected: "ALIGN's two towers, with tensors vision_model.* and text_model.*")
      }
    }
    let model = try load(configuration, from: weights)
    // BERT's pooler is not used, norms count batches, and older versions of transformers stored the
    // numbers 0, 1, 2... of the positions.
    try weights.requireAllRead {
      $0.hasPrefix("text_model.pooler.") || $0.hasSuffix(".num_batches_tracked")
        || $0.hasSuffix(".embeddings.position_ids") || $0.hasSuffix(".embeddings.token_type_ids")
    }
    return model
  }

  /// Embeddings of pictures: [B, S, S, 3] to [B, D], not normalised.
  public func embed(pixels: Tensor) -> Tensor { vision.embed(pixels: pixels) }

  /// Embeddings of texts.
  ///
  /// - Parameter texts: N lists of token ids, each of 1 to `configuration.text.positions`.
  /// - Returns: [N, D], not normalised
  public func embed(tokens texts: [[Int]]) -> Tensor {
    Self.embed(tokens: texts, with: text, projection)
  }

  /// The same for one who holds the text half alone.
  package static func embed(
    tokens texts: [[Int]], with text: BERT, _ projection: Linear
  ) -> Tensor {
    let hidden = text(texts)
    let longest = hidden.shape[1]
    let first = gatherRows(
      reshape(hidden, [texts.count * longest, -1]), texts.indices.map { $0 * longest })
    return projection(first).value
  }

  /// How well pictures and texts fit: cosines divided by the temperature.
  ///
  /// - Parameters:
  ///   - images: [B, D]
  ///   - texts: [N, D]
  /// - Returns: [B, N]
  public func logits(images: Tensor, texts: Tensor) -> Tensor {
    let cosines = linear(
      l2Normalize(Variable(images)), Variable(l2Normalize(Variable(texts)).value.transposed))
    return cosines.value * (1 / temperature)
  }
}
