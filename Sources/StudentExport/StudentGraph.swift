public import Detection
public import ONNX
import Regions
public import Student

/// A student as an ONNX graph: the same function as `StudentDetector` and `PostProcessing`, from bytes to
/// detections.
///
/// Letters: N detections, R regions, P proposals, C categories, D the width of embeddings.
///
/// What goes in: `image` [height, width, 3], upright, or a batch of them; of the part `full` and a student
/// with an open vocabulary `names` [C, D], unit rows, and of an ensemble `text_shares` [C].
public struct StudentGraph {
  /// How far the graph goes.
  public enum Part: String, Sendable, CaseIterable {
    /// To the feature pyramid: `p3` [1, channels, height, width] and so on.
    case backbone
    /// To `boxes` [P, 4] and `objectness` [P], as `vild propose` finds them.
    case proposals
    /// To what is said of regions whatever the categories: `boxes` [R, 4], `objectness` [R],
    /// `text_vectors` and `image_vectors` [R, D], as the method has them; of a closed vocabulary
    /// `probabilities` [R, C].
    case regions
    /// To detections, the best first: `boxes` [N, 4], `scores` [N], `categories` [N], `text_vectors`
    /// and `image_vectors` [N, D], and with a mask head `masks` [N, side, side].
    case full
  }

  /// What images go in.
  public struct Input: Hashable, Sendable {
    /// How a pixel is given.
    public enum Pixels: String, Sendable, CaseIterable {
      /// A byte.
      case uint8
      /// The same number, 0...255; rounded to a whole one.
      case float32
    }

    public var pixels: Pixels
    /// Whether there may be several at once, of one size: [B, height, width, 3]. For `backbone` alone:
    /// images have different numbers of proposals, and the operators of the later parts take one image.
    public var isBatch: Bool

    public init(pixels: Pixels = .uint8, isBatch: Bool = false) {
      (self.pixels, self.isBatch) = (pixels, isBatch)
    }
  }

  private let student: Student
  private let part: Part
  private let longSide: Int
  private let proposals: Int
  private let rule: PostProcessing
  private let input: Input
  private let weightType: ElementType

  /// - Parameters:
  ///   - student: with norms folded.
  ///   - longSide: of an image as the student sees it, in pixels.
  ///   - proposals: how many go through the second stage.
  ///   - rule: how detections are chosen, of each category apart.
  ///   - input: a batch for the part `backbone` alone.
  ///   - weightType: `float16` makes the file half as large; then layers with weights compute in it.
  public init(
    of student: Student, part: Part = .full, longSide: Int, proposals: Int, rule: PostProcessing,
    input: Input = .init(), weightType: ElementType = .float32
  ) {
    precondition(rule.suppression == .perCategory, "the graph suppresses each category apart")
    precondition(!input.isBatch || part == .backbone, "proposals are of one image")
    (self.student, self.part, self.longSide) = (student, part, longSide)
    (self.proposals, self.rule, self.input) = (proposals, rule, input)
    self.weightType = weightType
  }

  /// The graph, with the student's weights.
  public var graph: Graph {
    let graph = GraphBuilder("student", weightType: weightType)
    build(in: graph)
    return graph.graph
  }

  private func build(in graph: GraphBuilder) {
    let image = image(in: graph)
    let features = student.proposals.features(image.pixels)
    if part == .backbone { return outputPyramid(features) }
    let proposed = graph.within("proposals") {
      student.proposals.propose(features, in: image, limit: proposals)
    }
    if part == .proposals {
      let boxes = proposed.boxes.original(in: image)
        .clipped(width: image.originalWidth, height: image.originalHeight)
      graph.output(boxes.rows, as: "boxes", .float32, ["proposals", 4])
      return graph.output(proposed.scores, as: "objectness", .float32, ["proposals"])
    }
    guard let method = student.regions as? any GraphMethod else {
      preconditionFailure("no nodes are known of \(type(of: student.regions))")
    }
    let maps = features.map(\.asFloat32)
    let (description, boxes) = graph.within("regions") {
      let pooled = student.pooling(
        maps, proposed.boxes, size: student.configuration.regions.poolSize)
      let (description, deltas) = method.describe(pooled)
      let boxes = BoxDeltas.boxHead.decode(deltas, references: proposed.boxes)
        .clipped(width: image.width, height: image.height).original(in: image)
      return (description, boxes)
    }
    if part == .regions {
      graph.output(boxes.rows, as: "boxes", .float32, ["regions", 4])
      graph.output(proposed.scores, as: "objectness", .float32, ["regions"])
      if description.logits != nil {
        graph.output(
          method.scores(description, names: nil, textShares: nil), as: "probabilities", .float32,
          ["regions", "categories"])
      }
      return output(description, count: "regions")
    }
    let (names, shares) = namedInputs(description, in: graph)
    let found = graph.within("detections") {
      let scores = method.scores(description, names: names, textShares: shares)
      return detections(boxes, scores)
    }
    outputDetections(found, of: boxes, description)
    if let masks = student.masks {
      let cells = graph.within("masks") {
        masks(
          student.pooling(
            maps, GraphBoxes(boxes.rows.gathered(at: found.regions)).resized(in: image),
            size: student.configuration.masks.poolSize))
      }
      let side = student.configuration.masks.side
      graph.output(cells, as: "masks", .float32, ["detections", .fixed(side), .fixed(side)])
    }
  }

  private func image(in graph: GraphBuilder) -> GraphImage {
    let type: ElementType = input.pixels == .uint8 ? .uint8 : .float32
    let shape: [Dimension] = ["height", "width", 3]
    let given = graph.input("image", type, input.isBatch ? ["batch"] + shape : shape)
    return graph.within("pixels") {
      let images = input.isBatch ? given : given.expanded([0])
      return GraphImage(
        input.pixels == .uint8 ? images : images.nearestByte, longSide: longSide, student.pixels)
    }
  }

  private func outputPyramid(_ features: [GraphValue]) {
    let configuration = student.configuration.pyramid
    for (level, map) in zip(configuration.levels, features) {
      map.graph.output(
        map.asFloat32, as: "p\(level)", .float32,
        [
          input.isBatch ? "batch" : 1, .fixed(configuration.channels), .named("height\(level)"),
          .named("width\(level)"),
        ])
    }
  }

  private func namedInputs(
    _ description: GraphDescription, in graph: GraphBuilder
  ) -> (names: GraphValue?, shares: GraphValue?) {
    if description.logits != nil { return (nil, nil) }
    let names = graph.input(
      "names", .float32, ["categories", .fixed(student.embeddingWidth)])
    let isEnsemble = description.text != nil && description.image != nil
    return (names, isEnsemble ? graph.input("text_shares", .float32, ["categories"]) : nil)
  }

  private func output(_ description: GraphDescription, count: Dimension) {
    for (name, rows) in [("text_vectors", description.text), ("image_vectors", description.image)] {
      rows?.graph.output(
        rows!, as: name, .float32, [count, .fixed(student.embeddingWidth)])
    }
  }
}

/// What the graph chooses: columns [N], the best first.
private struct GraphDetections {
  let scores, categories, regions: GraphValue
}

extension StudentGraph {
  /// `PostProcessing`: boxes [R] in pixels of the user's image with scores [R, C].
  private func detections(_ boxes: GraphBoxes, _ scores: GraphValue) -> GraphDetections {
    let graph = scores.graph
    var rows = graph("Where", boxes.hasArea, scores, graph.float(0)).transposed([1, 0])
    if proposals > rule.candidatesPerCategory {
      rows = best(rule.candidatesPerCategory, of: rows)
    }
    // "Above" is all that can be said; scores of zero are never detections.
    let least = rule.scoreThreshold > 0 ? rule.scoreThreshold.nextDown : 0
    let kept = boxes.rows.suppressed(
      scores: rows, above: least, threshold: rule.nmsThreshold, limit: rule.limit)
    let values = graph("GatherND", rows.expanded([0]), kept)
    let (best, order) = values.largest(
      values.shape.atMost(graph.integers([rule.limit])))
    let chosen = kept.gathered(at: order)
    return GraphDetections(
      scores: best, categories: chosen.gathered(at: graph.integer(1), axis: 1),
      regions: chosen.gathered(at: graph.integer(2), axis: 1))
  }

  /// Scores [C, R] of which all but the `count` best of each row are zero.
  private func best(_ count: Int, of scores: GraphValue) -> GraphValue {
    let graph = scores.graph
    let most = scores.size(1).expanded([0]).atMost(graph.integers([count]))
    let (values, places) = scores.largest(most)
    return graph(
      "ScatterElements", scores * graph.float(0), places, values, with: ["axis": 1])
  }

  private func outputDetections(
    _ found: GraphDetections, of boxes: GraphBoxes, _ description: GraphDescription
  ) {
    let graph = found.scores.graph
    graph.output(
      boxes.rows.gathered(at: found.regions), as: "boxes", .float32, ["detections", 4])
    graph.output(found.scores, as: "scores", .float32, ["detections"])
    graph.output(found.categories, as: "categories", .int64, ["detections"])
    output(
      GraphDescription(
        text: description.text?.gathered(at: found.regions),
        image: description.image?.gathered(at: found.regions)),
      count: "detections")
  }
}
