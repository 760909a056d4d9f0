public import Networks
public import Support
public import Tensors

/// The networks that a student can be built on.
public enum BackboneFamily: String, Codable, Hashable, Sendable, CaseIterable {
  /// torchvision's, under its names.
  case resNet18 = "resnet18"
  case resNet34 = "resnet34"
  case resNet50 = "resnet50"
  case resNet101 = "resnet101"
  case resNet152 = "resnet152"
  /// Under the names of efficientnet_lite_pytorch.
  case efficientNetLite0 = "efficientnet-lite0"
  case efficientNetLite1 = "efficientnet-lite1"
  case efficientNetLite2 = "efficientnet-lite2"
  case efficientNetLite3 = "efficientnet-lite3"
  case efficientNetLite4 = "efficientnet-lite4"
  /// Under the names of efficientnet_pytorch.
  case efficientNetB0 = "efficientnet-b0"
  case efficientNetB1 = "efficientnet-b1"
  case efficientNetB2 = "efficientnet-b2"
  case efficientNetB3 = "efficientnet-b3"
  case efficientNetB4 = "efficientnet-b4"
  case efficientNetB5 = "efficientnet-b5"
  case efficientNetB6 = "efficientnet-b6"
  case efficientNetB7 = "efficientnet-b7"

  /// Whether the network can be narrower or wider than published.
  public var hasWidth: Bool { rawValue.hasPrefix("resnet") }

  /// Whether it is made of bottlenecks, 1x1 and 3x3 convolutions.
  public var hasBottlenecks: Bool { hasWidth && ![.resNet18, .resNet34].contains(self) }

  /// The network with the weights of `source`, of which a classifier is left out.
  ///
  /// - Parameters:
  ///   - width: channels of the first stage's 3x3 convolutions, of a family that `hasWidth`; nil for
  ///     the published number.
  ///   - stridesFirst: whether the stride is on a bottleneck's first convolution, of a family that
  ///     `hasBottlenecks`.
  ///   - frozenStages: how many parts, counted from the input, are not trained.
  ///   - momentum: of trained norms' running statistics; nil leaves all norms as they are.
  /// - Throws: `InputError` naming the tensor that is missing or has another shape.
  public func network(
    from source: some TensorSource, width: Int? = nil, stridesFirst: Bool = false,
    frozenStages: Int, momentum: Float?
  ) throws(InputError) -> any Backbone {
    precondition(width == nil || hasWidth, "\(rawValue) has one width")
    precondition(!stridesFirst || hasBottlenecks, "\(rawValue) has no bottlenecks")
    func resNet(_ published: ResNetConfiguration) throws(InputError) -> any Backbone {
      var sizes = width.map { published.with(width: $0) } ?? published
      sizes.stridesFirst = stridesFirst
      return try ResNet.load(
        sizes, from: source, frozenStages: frozenStages, momentum: momentum)
    }
    func efficientNet(_ sizes: EfficientNetConfiguration) throws(InputError) -> any Backbone {
      var sizes = sizes
      sizes.head = nil
      sizes.stridedPadding = .same
      return try EfficientNet.load(
        sizes, from: source, frozenStages: frozenStages, momentum: momentum)
    }
    return switch self {
    case .resNet18: try resNet(.resNet18)
    case .resNet34: try resNet(.resNet34)
    case .resNet50: try resNet(.resNet50)
    case .resNet101: try resNet(.resNet101)
    case .resNet152: try resNet(.resNet152)
    case .efficientNetLite0: try efficientNet(.lite(0))
    case .efficientNetLite1: try efficientNet(.lite(1))
    case .efficientNetLite2: try efficientNet(.lite(2))
    case .efficientNetLite3: try efficientNet(.lite(3))
    case .efficientNetLite4: try efficientNet(.lite(4))
    case .efficientNetB0: try efficientNet(.b(0))
    case .efficientNetB1: try efficientNet(.b(1))
    case .efficientNetB2: try efficientNet(.b(2))
    case .efficientNetB3: try efficientNet(.b(3))
    case .efficientNetB4: try efficientNet(.b(4))
    case .efficientNetB5: try efficientNet(.b(5))
    case .efficientNetB6: try efficientNet(.b(6))
    case .efficientNetB7: try efficientNet(.b(7))
    }
  }
}

extension StudentConfiguration {
  /// The backbone with the weights of `source`.
  ///
  /// - Throws: `InputError` naming the tensor that is missing or has another shape.
  public func backboneNetwork(from source: some TensorSource) throws(InputError) -> any Backbone {
    try backbone.family.network(
      from: source, width: backbone.width, stridesFirst: backbone.stridesFirst ?? false,
      frozenStages: backbone.frozenStages,
      momentum: backbone.norm == .batch ? normalization.momentum : nil)
  }
}
