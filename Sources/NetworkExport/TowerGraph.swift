public import Networks
public import ONNX
public import Tensors

/// The towers of teachers as ONNX graphs, to embed on other machines.
///
/// Letters: B images or texts, S side, T tokens, D embedding width, K classes that a classifier knows.
public enum TowerGraph {
  /// `pixels` [B, 3, S, S] to `embeddings` [B, D], not divided by their lengths.
  ///
  /// - Parameters:
  ///   - tower: of a CLIP, SigLIP or ALIGN, as it is trained, not frozen.
  ///   - side: S.
  ///   - weightType: `float16` makes the file half as large; then layers compute in it.
  public static func image(
    _ tower: any ImageTower, side: Int, weightType: ElementType = .float32
  ) -> Graph {
    guard let nodes = tower as? any GraphTower else {
      preconditionFailure("no nodes are known of \(type(of: tower))")
    }
    return image(side: side, width: tower.width, weightType) { nodes.embed($0, side: side) }
  }

  /// The same of a classifier of K classes, whose probabilities weigh the classes' embeddings.
  ///
  /// - Parameter classText: [K, D]
  public static func image(
    classifier: EfficientNet, classText: Tensor, side: Int, weightType: ElementType = .float32
  ) -> Graph {
    image(side: side, width: classText.shape[1], weightType) { pixels in
      let logits = classifier.classify(pixels, side: side).asFloat32
      let shares = logits.graph("Softmax", logits, with: ["axis": 1]).asWeights
      return logits.graph("MatMul", shares, logits.graph.weight("classes", classText))
    }
  }

  private static func image(
    side: Int, width: Int, _ weightType: ElementType, embed: (GraphValue) -> GraphValue
  ) -> Graph {
    let graph = GraphBuilder("image tower", weightType: weightType)
    let size = Dimension.fixed(side)
    let pixels = graph.input("pixels", .float32, ["batch", 3, size, size])
    graph.output(
      embed(pixels.asWeights).asFloat32, as: "embeddings", .float32, ["batch", .fixed(width)])
    return graph.graph
  }

  /// `tokens` [B, T], numbers of SigLIP's vocabulary, filled up with padding, to `embeddings` [B, D], not
  /// divided by their lengths.
  public static func text(
    _ tower: SigLIPTextTransformer, weightType: ElementType = .float32
  ) -> Graph {
    let graph = GraphBuilder("text tower", weightType: weightType)
    let sizes = tower.configuration
    let tokens = graph.input("tokens", .int64, ["batch", .fixed(sizes.positions)])
    graph.output(
      tower(tokens).asFloat32, as: "embeddings", .float32, ["batch", .fixed(sizes.projection)])
    return graph.graph
  }

  /// `tokens` [B, T], numbers of the vocabulary, to `embeddings` [B, D], not divided by their lengths.
  /// What follows an end of text changes nothing.
  public static func text(
    _ tower: TextTransformer, weightType: ElementType = .float32
  ) -> Graph {
    let graph = GraphBuilder("text tower", weightType: weightType)
    let tokens = graph.input("tokens", .int64, ["batch", "tokens"])
    graph.output(
      tower(tokens).asFloat32, as: "embeddings", .float32,
      ["batch", .fixed(tower.configuration.projection)])
    return graph.graph
  }
}

/// An image tower that can be written as nodes.
protocol GraphTower {
  /// [B, 3, S, S] to [B, D].
  ///
  /// - Parameter side: S.
  func embed(_ pixels: GraphValue, side: Int) -> GraphValue
}

extension VisionTransformer: GraphTower {
  func embed(_ pixels: GraphValue, side: Int) -> GraphValue {
    let graph = pixels.graph
    let width = configuration.transformer.width
    let cells = pixels.convolved(
      patchEmbedding, bias: nil, stride: configuration.patchSize, padding: .fixed(0)
    ).reshaped([0, width, -1]).transposed([0, 2, 1])
    let token = graph.weight(classToken.name, classToken.value, shape: [1, 1, width]) { $0 }
    let shape = [cells.size(0).expanded([0]), graph.integers([1, width])].joined(axis: 0)
    let tokens = [graph("Expand", token, shape), cells].joined(axis: 1)
    let stream = inputNorm(tokens + graph.weight(positions.name, positions.value))
    let last = transformer(stream, .everything).gathered(at: graph.integer(0), axis: 1)
    return projection.ofRows(outputNorm(last))
  }
}

extension CLIPResNet: GraphTower {
  func embed(_ pixels: GraphValue, side: Int) -> GraphValue {
    let tower = folded()
    let stemmed = tower.stem.reduce(pixels) { $1($0) }.halved
    return pool(tower.blocks.reduce(stemmed) { $1($0) })
  }
}

extension CLIPResNet.Bottleneck {
  fileprivate func callAsFunction(_ x: GraphValue) -> GraphValue {
    func halved(_ x: GraphValue) -> GraphValue { halves ? x.halved : x }
    let inner = expand(halved(convolve(reduce(x))))
    return (inner + (shortcut.map { $0(halved(x)) } ?? x)).activated(.relu)
  }
}

extension AttentionPool {
  fileprivate func callAsFunction(_ map: GraphValue) -> GraphValue {
    let graph = map.graph
    func sequence(_ map: GraphValue) -> GraphValue {
      map.reshaped([0, 0, -1]).transposed([0, 2, 1])
    }
    let tokens =
      [sequence(graph("GlobalAveragePool", map)), sequence(map)].joined(axis: 1)
      + graph.weight(positions.name, positions.value)
    let mean = tokens.gathered(at: graph.integers([0]), axis: 1)
    let context = attention(
      query.ofRows(mean), key.ofRows(tokens), value.ofRows(tokens), heads: heads)
    return output.ofRows(context.squeezed([1]))
  }
}

extension GraphValue {
  /// A map of half the size, each cell the mean of four.
  fileprivate var halved: GraphValue {
    graph("AveragePool", self, with: ["kernel_shape": [2, 2], "strides": [2, 2]])
  }
}

extension TextTransformer {
  fileprivate func callAsFunction(_ tokens: GraphValue) -> GraphValue {
    let graph = tokens.graph
    let words = graph.weight(words.name, words.value).gathered(at: tokens)
    let places = graph("Range", graph.integer(0), tokens.size(1), graph.integer(1))
    let stream = words + graph.weight(positions.name, positions.value).gathered(at: places)
    let isEnd =
      configuration.endOfText.map {
        graph("Equal", tokens, graph.integer($0)).cast(to: .int64)
      } ?? tokens
    // The first of several, or the first token where there is none.
    let end = graph("ArgMax", isEnd, with: ["axis": 1, "keepdims": 1])
    let last = graph(
      "GatherND", transformer(stream, .causal), end, with: ["batch_dims": 1])
    return projection.ofRows(outputNorm(last))
  }
}
