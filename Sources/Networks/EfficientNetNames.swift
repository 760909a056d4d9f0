/// What the parts of an EfficientNet are called in a checkpoint.
public struct EfficientNetNames: Hashable, Sendable {
  /// A convolution and the norm behind it.
  struct Unit: Hashable, Sendable {
    var convolution: String
    var norm: String

    /// The same part of block `block`.
    func inside(_ block: String) -> Unit {
      Unit(convolution: "\(block).\(convolution)", norm: "\(block).\(norm)")
    }
  }

  var stem: Unit
  /// Before the number of a block.
  var blocks: String
  /// Within a block.
  var expand, depthwise, project: Unit
  /// Of squeeze-and-excitation, within a block.
  var squeeze, excite: String
  var head: Unit
  var classifier: String

  /// The PyTorch ports of Google's release: efficientnet_pytorch and efficientnet_lite_pytorch.
  public static let pyTorchPort = EfficientNetNames(
    stem: Unit(convolution: "_conv_stem", norm: "_bn0"), blocks: "_blocks",
    expand: Unit(convolution: "_expand_conv", norm: "_bn0"),
    depthwise: Unit(convolution: "_depthwise_conv", norm: "_bn1"),
    project: Unit(convolution: "_project_conv", norm: "_bn2"), squeeze: "_se_reduce",
    excite: "_se_expand", head: Unit(convolution: "_conv_head", norm: "_bn1"), classifier: "_fc")

  /// Hugging Face's EfficientNet, which is also ALIGN's image tower.
  public static let huggingFace = EfficientNetNames(
    stem: Unit(convolution: "embeddings.convolution", norm: "embeddings.batchnorm"),
    blocks: "encoder.blocks",
    expand: Unit(convolution: "expansion.expand_conv", norm: "expansion.expand_bn"),
    depthwise: Unit(
      convolution: "depthwise_conv.depthwise_conv", norm: "depthwise_conv.depthwise_norm"),
    project: Unit(convolution: "projection.project_conv", norm: "projection.project_bn"),
    squeeze: "squeeze_excite.reduce", excite: "squeeze_excite.expand",
    head: Unit(convolution: "encoder.top_conv", norm: "encoder.top_bn"), classifier: "classifier")
}
