import Detection
import Images
import Networks
import ONNX
import Regions
import Student
import StudentExport
import Support
import Tensors
import TestSupport
import Testing

/// Graphs in ONNX Runtime against the student itself, with random weights.
@Suite struct ParityTests {
  private func graph(_ sample: SampleStudent, _ part: StudentGraph.Part) -> Graph {
    StudentGraph(
      of: sample.student, part: part, longSide: sample.longSide, proposals: sample.proposals,
      rule: sample.rule
    ).graph
  }

  private func input(_ image: Image, of sample: SampleStudent) -> DetectorInput {
    let pixels = sample.student.pixels
    return DetectorInput(
      image, longSide: sample.longSide, mean: pixels.mean,
      standardDeviation: pixels.standardDeviation)
  }

  /// Larger and smaller than the student sees them, as high as wide or not, and one whose columns are
  /// resampled first.
  private static let sizes = [(96, 64), (61, 131), (150, 150), (40, 300), (33, 21)]

  @Test(arguments: sizes) func pyramid(width: Int, height: Int) throws {
    let sample = try SampleStudent(.vild)
    let image = SampleStudent.image(width: width, height: height)
    guard let run = try GraphRun(graph(sample, .backbone), image: image) else { return }
    let features = sample.student.proposals.features(
      Variable(input(image, of: sample).pixels))
    for (level, map) in zip(2...6, features) {
      let expected = map.value.permuted([0, 3, 1, 2])
      let found = try run.tensor("p\(level)")
      #expect(found.distance(to: expected) <= 1e-5 * expected.largest, "p\(level)")
    }
  }

  /// Two images of one size at once, and levels in float32 that are a little off.
  @Test func batchesAndFloats() throws {
    let sample = try SampleStudent(.vild)
    let graph = StudentGraph(
      of: sample.student, part: .backbone, longSide: sample.longSide, proposals: 30,
      rule: sample.rule, input: .init(pixels: .float32, isBatch: true)
    ).graph
    #expect(graph.inputs.map(\.shape) == [["batch", "height", "width", 3]])
    #expect(graph.outputs[0].shape == ["batch", 12, "height2", "width2"])
    let images = [96, 97].map { height in
      let pixels = SampleStudent.image(width: 96, height: height).pixels
      return Image(width: 96, height: 90, pixels: Array(pixels.prefix(3 * 96 * 90)))
    }
    let values = images.flatMap(\.pixels).map { Double($0) + ($0.isMultiple(of: 2) ? 0.4 : -0.4) }
    let given = GraphRun.Values(type: "float32", shape: [2, 90, 96, 3], values: values)
    guard let run = try GraphRun(graph, ["image": given]) else { return }
    let features = sample.student.proposals.features(
      Variable(DetectorInput.batch(images.map { input($0, of: sample) })))
    for (level, map) in zip(2...6, features) {
      let expected = map.value.permuted([0, 3, 1, 2])
      let found = try run.tensor("p\(level)")
      #expect(found.distance(to: expected) <= 1e-5 * expected.largest, "p\(level)")
    }
  }

  /// The same detections of the same levels in float32.
  @Test func floats() throws {
    let sample = try SampleStudent(.supervised)
    func graph(_ pixels: StudentGraph.Input.Pixels) -> Graph {
      StudentGraph(
        of: sample.student, longSide: sample.longSide, proposals: sample.proposals,
        rule: sample.rule, input: .init(pixels: pixels)
      ).graph
    }
    let image = SampleStudent.image(width: 120, height: 100)
    let levels = GraphRun.Values(
      type: "float32", shape: [100, 120, 3], values: image.pixels.map(Double.init))
    guard let bytes = try GraphRun(graph(.uint8), image: image),
      let floats = try GraphRun(graph(.float32), ["image": levels])
    else { return }
    for name in ["boxes", "scores", "categories"] {
      #expect(try floats.tensor(name).array == bytes.tensor(name).array, "\(name)")
    }
  }

  @Test(arguments: [BackboneFamily.resNet50, .efficientNetLite0, .efficientNetB0])
  func backbones(family: BackboneFamily) throws {
    let sample = try SampleStudent(.vild, backbone: family) {
      $0.normalization.kind = .none
      $0.pyramid.finestLevel = 3
      $0.pyramid.coarse = .subsampled
    }
    let image = SampleStudent.image(width: 70, height: 90)
    guard let run = try GraphRun(graph(sample, .backbone), image: image) else { return }
    let features = sample.student.proposals.features(
      Variable(input(image, of: sample).pixels))
    #expect(features.count == 4)
    for (level, map) in zip(3...6, features) {
      let expected = map.value.permuted([0, 3, 1, 2])
      let found = try run.tensor("p\(level)")
      #expect(found.distance(to: expected) <= 1e-5 * expected.largest, "p\(level)")
    }
  }

  @Test func proposalsAndRegions() throws {
    let sample = try SampleStudent(.vildEnsemble) { $0.proposals.smallestSide = 2 }
    let image = SampleStudent.image(width: 140, height: 101)
    let input = input(image, of: sample)
    let network = sample.student.proposals
    let proposed = network.propose(
      network.predict(network.features(Variable(input.pixels))), width: input.width,
      height: input.height, candidates: 40, nmsThreshold: 0.7, limit: sample.proposals)
    guard let run = try GraphRun(graph(sample, .proposals), image: image) else { return }
    let boxes = proposed.map { input.original($0.box).clipped(toWidth: 140, height: 101) }
    #expect(try run.tensor("boxes").distance(to: Tensor(boxes)) <= 1e-3)
    #expect(
      try run.tensor("objectness").distance(to: Tensor([proposed.count], proposed.scores)) <= 1e-5)
    guard let run = try GraphRun(graph(sample, .regions), image: image) else { return }
    let found = sample.student.detect(input, limit: sample.proposals)
    #expect(found.regions.count > 5)
    #expect(try run.tensor("boxes").distance(to: Tensor(found.regions.boxes)) <= 1e-3)
    let (text, teacher) = (found.description.text!, found.description.image!)
    #expect(try run.tensor("text_vectors").distance(to: text) <= 1e-5)
    #expect(try run.tensor("image_vectors").distance(to: teacher) <= 1e-5)
  }

  @Test(arguments: Method.allCases) func detections(method: Method) throws {
    var sample = try SampleStudent(method, masks: true)
    try compare(sample)
    // Of each category some alone compete, and not all are probable enough.
    sample.rule.candidatesPerCategory = 12
    sample.rule.scoreThreshold = 0.2
    sample.rule.limit = 7
    try compare(sample)
  }

  private func compare(_ sample: SampleStudent) throws {
    let (image, method) = (SampleStudent.image(width: 120, height: 100), sample.student.method)
    let found = sample.student.detect(input(image, of: sample), limit: sample.proposals)
    let scores = sample.student.regions.scores(found.description, for: SampleStudent.asked)
    let expected = sample.rule.detections(
      boxes: found.regions.boxes, probabilities: scores.table, hasBackground: false)
    #expect(expected.count > 3, "\(method)")
    var inputs: [String: Tensor] = [:]
    if method.isOpenVocabulary { inputs["names"] = SampleStudent.names() }
    if method == .vildEnsemble {
      inputs["text_shares"] = Tensor([3], SampleStudent.textShares)
    }
    guard let run = try GraphRun(graph(sample, .full), image: image, inputs) else { return }
    #expect(run.outputs["categories"]?.type == "int64")
    #expect(
      try run.tensor("categories").array == expected.map { Float($0.category) }, "\(method)")
    #expect(try run.tensor("boxes").distance(to: Tensor(expected.map(\.box))) <= 1e-3)
    #expect(
      try run.tensor("scores").distance(to: Tensor([expected.count], expected.map(\.score)))
        <= 1e-5)
    let masks = try #require(sample.student.masks(expected.map(\.box), in: found))
    #expect(try run.tensor("masks").distance(to: masks) <= 1e-5)
    #expect(run.outputs.keys.contains("text_vectors") == (found.description.text != nil))
    #expect(run.outputs.keys.contains("image_vectors") == (found.description.image != nil))
  }

  @Test func nothingIsFoundWhereNothingIsProbableEnough() throws {
    var sample = try SampleStudent(.vild, masks: true)
    sample.rule.scoreThreshold = 1
    let image = SampleStudent.image(width: 120, height: 100)
    guard
      let run = try GraphRun(graph(sample, .full), image: image, ["names": SampleStudent.names()])
    else { return }
    #expect(try run.tensor("boxes").shape == [0, 4])
    #expect(try run.tensor("masks").shape == [0, 8, 8])
  }

  /// Weights of eleven bits: nothing is the same, and all is near.
  @Test func halfPrecision() throws {
    let sample = try SampleStudent(.vildText)
    let image = SampleStudent.image(width: 100, height: 80)
    let graph = StudentGraph(
      of: sample.student, part: .backbone, longSide: sample.longSide, proposals: 30,
      rule: sample.rule, weightType: .float16
    ).graph
    guard let run = try GraphRun(graph, image: image) else { return }
    let features = sample.student.proposals.features(
      Variable(input(image, of: sample).pixels))
    let expected = features[0].value.permuted([0, 3, 1, 2])
    #expect(try run.tensor("p2").distance(to: expected) <= 0.01 * expected.largest)
  }
}

extension Tensor {
  /// [N, 4]
  fileprivate init(_ boxes: [Box]) {
    self.init([boxes.count, 4], boxes.flatMap { [$0.x0, $0.y0, $0.x1, $0.y1] })
  }
}
