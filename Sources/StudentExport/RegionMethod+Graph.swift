import NetworkExport
import Networks
import ONNX
import Student
import Tensors

/// What a student says of regions, whatever the categories, as nodes: `RegionDescription`.
struct GraphDescription {
  /// [R, D] unit rows.
  var text: GraphValue?
  /// [R, D] unit rows.
  var image: GraphValue?
  /// [R, 1 + C], background first.
  var logits: GraphValue?
}

/// A second stage that can be written as nodes.
protocol GraphMethod {
  /// - Parameter regions: [R, C, side, side] in the type of weights.
  /// - Returns: what is said of them, and [R, 4] deltas, in float32.
  func describe(_ regions: GraphValue) -> (description: GraphDescription, deltas: GraphValue)

  /// How the names' embeddings are compared with a text head's.
  var textClassifier: TextClassifier? { get }

  /// Of the softmax over what an image head says; nil without one.
  var imageTemperature: Float? { get }
}

extension RegionTrunk {
  /// [R, C, side, side] to [R, width].
  func callAsFunction(_ regions: GraphValue) -> GraphValue {
    let maps = convolutions.reduce(regions) { $1($0) }
    // The weights' rows have channels last.
    let cells = maps.shape.element(1) * maps.shape.element(2) * maps.shape.element(3)
    let rows = maps.graph(
      "Reshape", maps.transposed([0, 2, 3, 1]),
      [maps.size(0).expanded([0]), cells.expanded([0])].joined(axis: 0))
    return connected.reduce(rows) { $1($0) }
  }
}

extension RegionHead {
  fileprivate func callAsFunction(
    _ regions: GraphValue
  ) -> (embeddings: GraphValue, deltas: GraphValue) {
    let x = trunk(regions)
    return (projection(x).asFloat32.l2Normalized, deltas(x).asFloat32)
  }
}

extension ViLD: GraphMethod {
  func describe(_ regions: GraphValue) -> (description: GraphDescription, deltas: GraphValue) {
    let (embeddings, deltas) = head(regions)
    return (GraphDescription(text: embeddings), deltas)
  }

  var textClassifier: TextClassifier? { classifier }
  var imageTemperature: Float? { nil }
}

extension ViLDText: GraphMethod {
  func describe(_ regions: GraphValue) -> (description: GraphDescription, deltas: GraphValue) {
    let (embeddings, deltas) = head(regions)
    return (GraphDescription(text: embeddings), deltas)
  }

  var textClassifier: TextClassifier? { classifier }
  var imageTemperature: Float? { nil }
}

extension ViLDImage: GraphMethod {
  func describe(_ regions: GraphValue) -> (description: GraphDescription, deltas: GraphValue) {
    let (embeddings, deltas) = head(regions)
    return (GraphDescription(image: embeddings), deltas)
  }

  var textClassifier: TextClassifier? { nil }
  var imageTemperature: Float? { temperature }
}

extension ViLDEnsemble: GraphMethod {
  func describe(_ regions: GraphValue) -> (description: GraphDescription, deltas: GraphValue) {
    let (embeddings, deltas) = text(regions)
    let image = imageProjection(imageTrunk(regions)).asFloat32.l2Normalized
    return (GraphDescription(text: embeddings, image: image), deltas)
  }

  var textClassifier: TextClassifier? { classifier }
  var imageTemperature: Float? { temperature }
}

extension Supervised: GraphMethod {
  func describe(_ regions: GraphValue) -> (description: GraphDescription, deltas: GraphValue) {
    let x = trunk(regions)
    return (GraphDescription(logits: classifier(x).asFloat32), deltas(x).asFloat32)
  }

  var textClassifier: TextClassifier? { nil }
  var imageTemperature: Float? { nil }
}

extension GraphMethod {
  /// The scores [R, C] of described regions.
  ///
  /// - Parameters:
  ///   - names: [C, D] unit rows; nil for a closed vocabulary.
  ///   - textShares: [C]; nil but for two heads.
  func scores(
    _ regions: GraphDescription, names: GraphValue?, textShares: GraphValue?
  ) -> GraphValue {
    if let logits = regions.logits {
      return logits.graph("Softmax", logits, with: ["axis": 1]).withoutFirst
    }
    guard let names else { preconditionFailure("names of an open vocabulary") }
    let graph = names.graph
    func text(_ softmax: String, _ rows: GraphValue) -> GraphValue {
      guard let classifier = textClassifier else { preconditionFailure("a text head") }
      let background = graph.weight(
        classifier.background.name, l2Normalize(Variable(classifier.background.value)).value,
        shape: classifier.background.value.shape, type: .float32
      ) { $0 }
      let logits = rows.cosines(
        with: [background, names].joined(axis: 0), dividedBy: classifier.temperature)
      return graph(softmax, logits, with: ["axis": 1]).withoutFirst
    }
    func image(_ softmax: String, _ rows: GraphValue) -> GraphValue {
      guard let temperature = imageTemperature else { preconditionFailure("an image head") }
      return graph(softmax, rows.cosines(with: names, dividedBy: temperature), with: ["axis": 1])
    }
    switch (regions.text, regions.image) {
    case (let rows?, nil): return text("Softmax", rows)
    case (nil, let rows?): return image("Softmax", rows)
    case (let one?, let other?):
      guard let textShares else { preconditionFailure("shares of two heads") }
      return graph(
        "Exp",
        text("LogSoftmax", one) * textShares
          + image("LogSoftmax", other) * (graph.float(1) - textShares))
    case (nil, nil): preconditionFailure("a head at least")
    }
  }
}

extension GraphValue {
  fileprivate func cosines(with names: GraphValue, dividedBy temperature: Float) -> GraphValue {
    graph("MatMul", self, names.transposed([1, 0])) * graph.float(1 / temperature)
  }

  /// All columns but the first.
  fileprivate var withoutFirst: GraphValue {
    graph(
      "Slice", self, graph.integers([1]), graph.integers([Int(Int32.max)]), graph.integers([1]))
  }
}
