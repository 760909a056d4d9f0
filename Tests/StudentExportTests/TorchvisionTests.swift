import Detection
import Foundation
import Images
import Networks
import Regions
import Student
import StudentExport
import Support
import Tensors
import TestSupport
import Testing

/// Students in torchvision's modules against themselves, with random weights.
@Suite struct TorchvisionTests {
  /// What torchvision's Mask R-CNN has of it.
  private func sample(
    _ method: Method, backbone: BackboneFamily = .resNet18, masks: Bool = true,
    _ change: (inout StudentConfiguration) -> Void = { _ in }
  ) throws -> SampleStudent {
    try SampleStudent(method, backbone: backbone, masks: masks) {
      $0.backbone.width = nil
      $0.normalization.kind = .none
      $0.pyramid.coarse = .subsampled
      $0.proposals.convolutions = 1
      $0.regions.convolutions = 0
      $0.regions.fullyConnected = [16, 16]
      change(&$0)
    }
  }

  private func write(_ sample: SampleStudent, to folder: String) throws {
    let (method, configuration) = (sample.trained.method, sample.trained.configuration)
    let vocabulary =
      method.isOpenVocabulary
      ? ExportedVocabulary(
        names: SampleStudent.base, embeddings: SampleStudent.names(),
        textShares: method == .vildEnsemble ? SampleStudent.textShares : nil, templates: ["{}"],
        teacher: "")
      : ExportedVocabulary(names: SampleStudent.base, teacher: "")
    try Files.createFolder(folder)
    try vocabulary.write(to: "\(folder)/student.vocabulary.json")
    let module = TorchvisionModule.text(
      weights: "student.safetensors", vocabulary: "student.vocabulary.json")
    try Files.write(Data(module.utf8), to: "\(folder)/student.py")
    let detection = """
      {"longSide": \(sample.longSide), "proposals": \(sample.proposals), "scoreThreshold": \
      \(sample.rule.scoreThreshold), "nmsThreshold": \(sample.rule.nmsThreshold), "limit": \
      \(sample.rule.limit)}
      """
    try SafeTensorsFile.write(
      StudentTensors(torchvision: sample.trained, names: 3, path: "student").tensors,
      metadata: [
        "vild.method": method.rawValue, "vild.detection": detection,
        "vild.configuration": String(
          decoding: try JSONDocument.line(configuration), as: UTF8.self),
      ], to: "\(folder)/student.safetensors")
  }

  /// Compares what torchvision finds with what the students do.
  private func compare(
    _ samples: [SampleStudent], loading classes: Int? = nil, image: Image
  ) throws {
    try withTemporaryFolder { folder in
      var words = [fixture("Goldens/run_torchvision.py"), "\(folder)/image.json"]
      let pixels = GraphRun.Values(
        type: "float32", shape: [image.height, image.width, 3],
        values: image.pixels.map(Double.init))
      try Files.write(JSONEncoder().encode(pixels), to: "\(folder)/image.json")
      for (number, sample) in samples.enumerated() {
        words.append("\(folder)/\(number)")
        try write(sample, to: words[words.count - 1])
        if let classes {
          try Files.write(Data("\(classes)".utf8), to: "\(folder)/\(number)/classes")
        }
      }
      guard let result = try run("python3", words) else { return }
      if result.code == 77 {
        FileHandle.standardError.write(
          Data("SKIPPED: pip install torchvision safetensors: \(result.output)".utf8))
        return
      }
      try #require(result.code == 0, "\(result.output)")
      let lines = result.output.split(separator: "\n").filter { $0.hasPrefix("{") }
      try #require(lines.count == samples.count, "\(result.output)")
      for (sample, line) in zip(samples, lines) {
        let found = try JSONDecoder().decode(
          [String: GraphRun.Values].self, from: Data(line.utf8))
        try compare(sample, image, found)
      }
    }
  }

  private func compare(
    _ sample: SampleStudent, _ image: Image, _ found: [String: GraphRun.Values]
  ) throws {
    let (student, method) = (sample.student, sample.student.method)
    func tensor(_ name: String) throws -> Tensor { try #require(found[name], "\(name)").tensor }
    let input = DetectorInput(
      image, longSide: sample.longSide, mean: student.pixels.mean,
      standardDeviation: student.pixels.standardDeviation)
    let levels = student.configuration.pyramid.levels
    for (level, map) in zip(levels, student.proposals.features(Variable(input.pixels))) {
      let expected = map.value.permuted([0, 3, 1, 2])
      #expect(
        try tensor("p\(level)").distance(to: expected) <= 1e-5 * expected.largest,
        "\(method), level \(level)")
    }
    let described = student.detect(input, limit: sample.proposals)
    let scores = student.regions.scores(described.description, for: SampleStudent.asked)
    let expected = sample.rule.detections(
      boxes: described.regions.boxes, probabilities: scores.table, hasBackground: false)
    #expect(expected.count > 3, "\(method)")
    #expect(try tensor("categories").array == expected.map { Float($0.category) }, "\(method)")
    let edges = expected.flatMap { [$0.box.x0, $0.box.y0, $0.box.x1, $0.box.y1] }
    #expect(
      try tensor("boxes").distance(to: Tensor([expected.count, 4], edges)) <= 1e-3, "\(method)")
    #expect(
      try tensor("scores").distance(to: Tensor([expected.count], expected.map(\.score))) <= 1e-5,
      "\(method)")
    guard let masks = student.masks(expected.map(\.box), in: described) else {
      return #expect(found["masks"] == nil)
    }
    #expect(try tensor("masks").distance(to: masks) <= 1e-5, "\(method)")
  }

  /// The sides are no multiples of 64, so that the coarsest level's cells reach over the border.
  @Test func everyMethod() throws {
    var samples = try Method.allCases.map { try sample($0) }
    for i in samples.indices {
      samples[i].rule.scoreThreshold = 0.1
      samples[i].rule.limit = 12
    }
    samples.append(
      try sample(.vild, masks: false) {
        $0.pyramid.finestLevel = 3
        $0.proposals.convolutions = 2
        $0.proposals.aspectRatios = [2, 1, 0.7]
        $0.proposals.smallestSide = 3
        $0.regions.samplingRatio = 1
      })
    try compare(samples, image: SampleStudent.image(width: 120, height: 75))
  }

  /// The published sizes, which torchvision's own model is loaded with as well.
  @Test func resNet50WithPyramid() throws {
    func published(_ sizes: inout StudentConfiguration) {
      sizes.pyramid.channels = 256
      sizes.proposals.anchorScale = 8
      sizes.regions.poolSize = 7
      sizes.regions.fullyConnected = [1024, 1024]
      sizes.masks.poolSize = 14
      sizes.masks.convolutions = 4
    }
    let samples = try [.supervised, .vild].map {
      try sample($0, backbone: .resNet50, published)
    }
    try compare(samples, loading: 4, image: SampleStudent.image(width: 131, height: 90))
  }

  typealias Change = @Sendable (inout StudentConfiguration) -> Void
  private static let others: [(String, Change)] = [
    ("backbone.width", { $0.backbone.width = 32 }),
    ("normalization.kind", { $0.normalization.kind = .batch }),
    ("pyramid.coarse ", { $0.pyramid.coarse = .convolved }),
    ("pyramid.coarsest_level", { $0.pyramid.coarsestLevel = 5 }),
    ("regions.convolutions", { $0.regions.convolutions = 1 }),
    ("regions.fully_connected", { $0.regions.fullyConnected = [16] }),
  ]

  @Test(arguments: others) func anotherNetworkIsRefused(key: String, change: Change) throws {
    let sample = try sample(.vild, change)
    let error = #expect(throws: InputError.self) {
      try StudentTensors(torchvision: sample.trained, names: 3, path: "a/student")
    }
    let line = error?.description ?? ""
    #expect(
      line.hasPrefix("a/student: the student is not torchvision's Mask R-CNN by its \(key)"),
      "\(line)")
    #expect(error?.kind == .configuration)
  }

  @Test func otherBackbonesAreRefused() throws {
    for (family, key) in [
      (BackboneFamily.efficientNetLite0, "backbone.family"), (.resNet50, "backbone.strides_first"),
    ] {
      let sample = try sample(.vild, backbone: family) {
        $0.backbone.stridesFirst = family == .resNet50 ? true : nil
      }
      let error = #expect(throws: InputError.self) {
        try StudentTensors(torchvision: sample.trained, names: 3, path: "student")
      }
      #expect(error?.description.contains("by its \(key) (") == true)
    }
  }
}

/// Weights under the student's own names.
@Suite struct StudentTensorsTests {
  /// What was written is a backbone's checkpoint in the layout it is published in, beside the rest.
  @Test(arguments: [BackboneFamily.efficientNetB0, .efficientNetLite0, .resNet18])
  func aBackboneIsReadBack(family: BackboneFamily) throws {
    let sample = try SampleStudent(.vildEnsemble, backbone: family, masks: true)
    try withTemporaryFolder { folder in
      let path = "\(folder)/student.safetensors"
      let tensors = StudentTensors(sample.trained).tensors
      #expect(tensors.map(\.name) == sample.trained.parameters.map(\.name))
      try SafeTensorsFile.write(tensors, to: path)
      let read = try sample.trained.configuration.backboneNetwork(from: SafeTensorsFile(path: path))
      let expected = sample.trained.proposals.backbone.featureParameters
      #expect(read.featureParameters.map(\.name) == expected.map(\.name))
      for (one, other) in zip(read.featureParameters, expected) {
        #expect(one.value.array == other.value.array, "\(one.name)")
      }
    }
  }

  /// Worked by hand: 2 x 2 cells of 2 channels to 3 outputs, numbered from 0.
  @Test func pooledCellsComeChannelByChannel() throws {
    let sample = try SampleStudent(.vild) {
      $0.pyramid.channels = 2
      $0.regions.poolSize = 2
      $0.regions.fullyConnected = [3]
    }
    let weight = try #require(
      sample.trained.parameters.first { $0.name == "regions.connected0.weight" })
    weight.value = Tensor([8, 3], (0..<24).map(Float.init))
    let found = try #require(
      StudentTensors(sample.trained).tensors.first { $0.name == "regions.connected0.weight" })
    #expect(found.value.shape == [3, 8])
    // Output 0 reads channel 0 of the four cells, then channel 1.
    #expect(Array(found.value.array[..<8]) == [0, 6, 12, 18, 3, 9, 15, 21])
  }
}
