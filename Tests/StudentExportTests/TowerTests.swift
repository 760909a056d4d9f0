import NetworkExport
import Networks
import ONNX
import Support
import Tensors
import TestSupport
import Testing

/// The towers of teachers with random weights in ONNX Runtime against themselves.
@Suite struct TowerTests {
  private static let blocks = Transformer.Configuration(
    width: 16, intermediate: 32, layers: 2, heads: 2, activation: .quickGELU)

  private func pixels(_ count: Int, _ size: Int) -> Tensor {
    var generator = SeededGenerator(seed: 1)
    return .normal([count, size, size, 3], standardDeviation: 1, using: &generator)
  }

  private func compare(_ tower: any CLIPImageTower, type: ElementType, _ bound: Float) throws {
    try compare(
      TowerGraph.image(tower, side: tower.imageSize, weightType: type), side: tower.imageSize, bound
    ) { tower.embed(pixels: $0) }
  }

  private func compare(
    _ graph: Graph, side: Int, _ bound: Float = 1e-5, embed: (Tensor) -> Tensor
  ) throws {
    let pixels = pixels(3, side)
    #expect(graph.inputs.map(\.name) == ["pixels"])
    guard
      let run = try GraphRun(graph, ["pixels": .init(pixels.permuted([0, 3, 1, 2]))])
    else { return }
    let expected = embed(pixels)
    #expect(expected.largest > 0)
    let found = try run.tensor("embeddings")
    #expect(found.distance(to: expected) <= bound * expected.largest)
  }

  @Test(arguments: [
    (Activation.quickGELU, ElementType.float32, Float(1e-5)), (.gelu, .float32, 1e-5),
    (.tanhGELU, .float32, 1e-5), (.quickGELU, .float16, 2e-2),
  ]) func aVisionTransformer(activation: Activation, type: ElementType, bound: Float) throws {
    var blocks = Self.blocks
    blocks.activation = activation
    let tower = try VisionTransformer.load(
      .init(transformer: blocks, imageSize: 34, patchSize: 8, projection: 12),
      from: NewTensors(seed: 2))
    try compare(tower, type: type, bound)
  }

  @Test func aResidualTower() throws {
    let tower = try CLIPResNet.load(
      .init(blocks: [1, 2, 1, 1], width: 8, imageSize: 64, heads: 4, projection: 12),
      from: NewTensors(seed: 3))
    try compare(tower, type: .float32, 1e-5)
  }

  /// Patches that do not fill the picture.
  @Test func theTowersOfSigLIP() throws {
    var blocks = Self.blocks
    (blocks.activation, blocks.epsilon) = (.tanhGELU, 1e-6)
    let tower = try SigLIPImageTower.load(
      .init(transformer: blocks, imageSize: 23, patchSize: 7, projection: 16),
      from: NewTensors(seed: 5))
    try compare(TowerGraph.image(tower, side: 23), side: 23) { tower.embed(pixels: $0) }
    let text = try SigLIPTextTransformer.load(
      .init(
        transformer: blocks, vocabulary: 10, positions: 4, endOfText: nil, projection: 12),
      from: NewTensors(seed: 6))
    let texts = [[1, 2, 3, 0], [4, 0, 0, 0], [5, 6, 7, 8]]
    let tokens = GraphRun.Values(
      type: "int64", shape: [3, 4], values: texts.flatMap { $0 }.map(Double.init))
    let graph = TowerGraph.text(text)
    #expect(graph.inputs.map(\.shape) == [["batch", 4]])
    guard let run = try GraphRun(graph, ["tokens": tokens]) else { return }
    let expected = text(texts).value
    #expect(
      try run.tensor("embeddings").distance(to: expected) <= 1e-5 * expected.largest)
  }

  /// Sides that are no multiples of their strides, padded by either rule.
  @Test(arguments: [33, 65, 64]) func efficientNets(side: Int) throws {
    let align = try EfficientNet.load(.b(0), from: NewTensors(seed: 7))
    try compare(TowerGraph.image(align, side: side), side: side) { align.embed(pixels: $0) }
    let classifier = try EfficientNet.load(.lite(0), from: NewTensors(seed: 8))
    var generator = SeededGenerator(seed: 9)
    let classText = Tensor.normal([1000, 6], standardDeviation: 1, using: &generator)
    try compare(
      TowerGraph.image(classifier: classifier, classText: classText, side: side), side: side
    ) {
      linear(softmax(classifier.classify(Variable($0))), Variable(classText)).value
    }
  }

  @Test(arguments: [Int?.some(9), nil]) func aTextTower(endOfText: Int?) throws {
    let tower = try TextTransformer.load(
      .init(
        transformer: Self.blocks, vocabulary: 10, positions: 7, endOfText: endOfText,
        projection: 12), from: NewTensors(seed: 4))
    // The end of the second comes early, and the third has none but its highest.
    let texts = [[1, 2, 3, 9], [4, 9, 0, 0], [5, 6, 7, 8]]
    let graph = TowerGraph.text(tower)
    let tokens = GraphRun.Values(
      type: "int64", shape: [3, 4], values: texts.flatMap { $0 }.map(Double.init))
    guard let run = try GraphRun(graph, ["tokens": tokens]) else { return }
    let expected = tower(texts).value
    #expect(expected.largest > 0)
    #expect(
      try run.tensor("embeddings").distance(to: expected) <= 1e-5 * expected.largest)
  }
}
