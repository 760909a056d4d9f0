// What a user is told of a checkpoint's towers.

extension Transformer.Configuration: CustomStringConvertible {
  /// "12 blocks of width 768, 12 heads, quickGELU".
  public var description: String {
    "\(layers) blocks of width \(width), \(heads) heads, \(activation)"
  }
}

extension VisionTransformer.Configuration: CustomStringConvertible {
  /// The blocks, the patches and the input's size.
  public var description: String {
    "vision transformer, \(transformer), patches of \(patchSize) in \(imageSize)x\(imageSize) pixels"
  }
}

extension CLIPResNet.Configuration: CustomStringConvertible {
  /// The blocks, the channels and the input's size.
  public var description: String {
    "residual network with attention pool, blocks \(blocks) of width \(width), "
      + "\(imageSize)x\(imageSize) pixels"
  }
}

extension CLIPConfiguration.Vision: CustomStringConvertible {
  /// That of the kind.
  public var description: String {
    switch self {
    case .transformer(let sizes): sizes.description
    case .residual(let sizes): sizes.description
    }
  }
}

extension TextTransformer.Configuration: CustomStringConvertible {
  /// The blocks, the vocabulary and the limit.
  public var description: String {
    "causal transformer, \(transformer), \(vocabulary) tokens, at most \(positions) a text"
  }
}

extension BERTConfiguration: CustomStringConvertible {
  /// The blocks, the vocabulary and the limit.
  public var description: String {
    "BERT, \(layers) blocks of width \(width), \(heads) heads, \(vocabulary) tokens, "
      + "at most \(positions) a text"
  }
}

extension EfficientNetConfiguration: CustomStringConvertible {
  /// The blocks, the channels and what is between the convolutions.
  public var description: String {
    let blocks = stages.reduce(0) { $0 + $1.repeats }
    return "EfficientNet, \(blocks) blocks of \(stem) to \(stages.last?.output ?? stem) channels, "
      + "\(activation)\(squeeze == nil ? "" : ", squeeze-and-excitation")"
  }
}
