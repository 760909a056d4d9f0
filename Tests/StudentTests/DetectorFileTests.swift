import Foundation
import Networks
import Regions
import Student
import Support
import Tensors
import TestSupport
import Testing

/// Detectors of torchvision and detectron2 as the start of a network, against what torchvision computes
/// with them (`make_detectors.py`).
@Suite struct DetectorFileTests {
  /// Of a network of the files' sizes.
  private func sizes(
    _ change: (inout StudentConfiguration) -> Void = { _ in }
  ) -> StudentConfiguration {
    var sizes = StudentConfiguration()
    sizes.backbone.family = .resNet50
    sizes.backbone.width = 2
    sizes.backbone.norm = .frozen
    sizes.normalization.kind = .none
    sizes.pyramid.channels = 8
    sizes.pyramid.coarse = .subsampled
    sizes.proposals.convolutions = 1
    change(&sizes)
    return sizes
  }

  /// A network that was started from a file, and what was said of it.
  private func started(
    _ file: String, _ sizes: StudentConfiguration
  ) throws -> (network: ProposalNetwork, note: String) {
    try started(Weights(path: fixture("Goldens/\(file)")), sizes)
  }

  private func started(
    _ weights: Weights, _ sizes: StudentConfiguration
  ) throws -> (network: ProposalNetwork, note: String) {
    let detector = try #require(try DetectorFile(weights, for: sizes))
    var generator = SeededGenerator(seed: 1)
    let network = ProposalNetwork(
      backbone: try sizes.backboneNetwork(from: detector.backbone), configuration: sizes,
      using: &generator)
    return (network, try detector.start(network))
  }

  private func pixels(_ golden: SafeTensorsFile, _ normalization: PixelNormalization) throws
    -> Tensor
  {
    let levels = try golden.integers("image")
    return Tensor(
      [1, 64, 128, 3],
      levels.enumerated().map {
        (Float($1) - normalization.mean[$0 % 3]) / normalization.standardDeviation[$0 % 3]
      })
  }

  @Test(arguments: [
    ("torchvision-detector.pth", false), ("detectron2-detector.pkl", true),
    ("detectron2-detector.pth", false),
  ]) func everyValueIsThatOfTheDetector(file: String, stridesFirst: Bool) throws {
    let golden = try SafeTensorsFile(path: fixture("Goldens/detectors.safetensors"))
    let (network, note) = try started(file, sizes { $0.backbone.stridesFirst = stridesFirst })
    #expect(note.hasSuffix("pyramid and proposal network are taken, its heads are not"), "\(note)")
    for network in [network, network.folded()] {
      let features = network.features(Variable(try pixels(golden, network.pixels)))
      for (map, level) in zip(features, 2...6) {
        let expected = try golden.tensor("\(file).p\(level)")
        let distance = map.value.reshaped(expected.shape).distance(to: expected)
        #expect(distance <= 1e-5 * expected.largest, "level \(level)")
      }
      let prediction = network.predict(features)
      let logits = try golden.tensor("\(file).objectness")
      #expect(
        prediction.objectness.value.reshaped([logits.count]).distance(to: logits)
          <= 1e-5 * logits.largest)
      let deltas = prediction.deltas.value.array
      let edges = prediction.anchors.enumerated().flatMap { i, anchor in
        let delta = SIMD4(deltas[4 * i], deltas[4 * i + 1], deltas[4 * i + 2], deltas[4 * i + 3])
        let box = BoxDeltas.proposals.decode(delta, reference: anchor)
        return [box.x0, box.y0, box.x1, box.y1]
      }
      let boxes = try golden.tensor("\(file).boxes")
      #expect(Tensor(boxes.shape, edges).distance(to: boxes) <= 1e-3)
    }
  }

  /// A pyramid from P3 on is the same but for its finest level.
  @Test func aPyramidWithFewerLevels() throws {
    let golden = try SafeTensorsFile(path: fixture("Goldens/detectors.safetensors"))
    for file in ["torchvision-detector.pth", "detectron2-detector.pth"] {
      let (network, note) = try started(file, sizes { $0.pyramid.finestLevel = 3 })
      #expect(note.contains("pyramid and proposal network are taken"), "\(note)")
      let features = network.features(Variable(try pixels(golden, network.pixels)))
      #expect(features.count == 4)
      for (map, level) in zip(features, 3...6) {
        let expected = try golden.tensor("\(file).p\(level)")
        let distance = map.value.reshaped(expected.shape).distance(to: expected)
        #expect(distance <= 1e-5 * expected.largest, "level \(level)")
      }
    }
  }

  typealias Change = @Sendable (inout StudentConfiguration) -> Void

  private static let pyramids: [(String, Change)] = [
    ("normalization.kind is batch", { $0.normalization.kind = .batch }),
    ("pyramid.channels is 12, its 8", { $0.pyramid.channels = 12 }),
    ("pyramid.coarse is convolved", { $0.pyramid.coarse = .convolved }),
  ]

  /// What is not taken is as new, and said.
  @Test(arguments: pyramids) func anotherPyramidIsNotTaken(why: String, change: Change) throws {
    let sizes = sizes(change)
    let (network, note) = try started("torchvision-detector.pth", sizes)
    #expect(note.contains("its pyramid and proposal network are not: \(why)"), "\(note)")
    try expectNew(network, sizes, [network.pyramid.lateral[0].weight, network.objectness.weight])
  }
  private static let proposals: [(String, Change)] = [
    ("proposals.convolutions is 2, its 1", { $0.proposals.convolutions = 2 }),
    ("proposals.anchor_scale is 4.0, its 8.0", { $0.proposals.anchorScale = 4 }),
    ("proposals.aspect_ratios is [1.0]", { $0.proposals.aspectRatios = [1] }),
    ("proposals.aspect_ratios is [1.0, 3.0, 0.5]", { $0.proposals.aspectRatios = [1, 3, 0.5] }),
    ("it has no level 7", { $0.pyramid.coarsestLevel = 7 }),
  ]

  @Test(arguments: proposals) func anotherProposalNetworkIsNotTaken(
    why: String, change: Change
  ) throws {
    let sizes = sizes(change)
    let (network, note) = try started("detectron2-detector.pth", sizes)
    #expect(note.contains("its proposal network is not: \(why)"), "\(note)")
    try expectNew(network, sizes, [network.hidden[0][0].weight, network.deltas.weight])
    let lateral = network.pyramid.lateral[0].weight
    #expect(try new(network, sizes)[lateral.name]?.value.array != lateral.value.array)
  }

  /// The parameters of a network that nothing was put into.
  private func new(
    _ network: ProposalNetwork, _ sizes: StudentConfiguration
  ) throws -> [String: Parameter] {
    var generator = SeededGenerator(seed: 1)
    let new = ProposalNetwork(
      backbone: network.backbone, configuration: sizes, using: &generator)
    return Dictionary(uniqueKeysWithValues: new.parameters.map { ($0.name, $0) })
  }

  private func expectNew(
    _ network: ProposalNetwork, _ sizes: StudentConfiguration, _ parameters: [Parameter]
  ) throws {
    let new = try new(network, sizes)
    for parameter in parameters {
      #expect(try #require(new[parameter.name]).value.array == parameter.value.array)
    }
  }

  @Test func whatCannotBeIsRefused() throws {
    func refusal(_ file: String, _ sizes: StudentConfiguration) throws -> String {
      let weights = try Weights(path: fixture("Goldens/\(file)"))
      let error = #expect(throws: InputError.self) { try DetectorFile(weights, for: sizes) }
      return error?.description ?? ""
    }
    let first = try refusal("torchvision-detector.pth", sizes { $0.backbone.stridesFirst = true })
    #expect(first.contains("(expected backbone.strides_first false, got true)"), "\(first)")
    let basic = try refusal("detectron2-detector.pkl", sizes { $0.backbone.family = .resNet18 })
    #expect(
      basic.contains("(expected backbone.family resnet50, resnet101 or resnet152, got resnet18)"),
      "\(basic)")
    let other = try refusal(
      "torchvision-detector.pth", sizes { $0.backbone.family = .efficientNetB0 })
    #expect(other.contains("a detector of torchvision on another backbone"), "\(other)")
    // Another depth has other tensors.
    let error = #expect(throws: InputError.self) {
      try started("torchvision-detector.pth", sizes { $0.backbone.family = .resNet101 })
    }
    #expect(error?.description.contains("no tensor 'backbone.body.layer3.6.conv1.weight'") == true)
  }

  /// A file of the tensors of another under other names.
  private func renamed(
    _ file: String, _ body: (Weights) throws -> Void, name: (String) -> String?
  ) throws {
    let weights = try Weights(path: fixture("Goldens/\(file)"))
    var tensors: [(String, Tensor)] = []
    for old in weights.names {
      guard let new = name(old), weights.type(of: old)?.isFloatingPoint == true else { continue }
      tensors.append((new, try weights.tensor(old)))
    }
    try withTemporaryFolder { folder in
      let path = "\(folder)/renamed.safetensors"
      try Files.write(SafeTensorsFile.encode(tensors, hasChecksums: false), to: path)
      try body(try Weights(path: path))
    }
  }

  private func parameters(of network: ProposalNetwork) -> [String: [Float]] {
    Dictionary(uniqueKeysWithValues: network.parameters.map { ($0.name, $0.value.array) })
  }

  /// torchvision's files before version 0.13.
  @Test func olderNames() throws {
    let sizes = sizes()
    let expected = parameters(of: try started("torchvision-detector.pth", sizes).network)
    try renamed("torchvision-detector.pth") { weights in
      let (network, note) = try started(weights, sizes)
      #expect(note.contains("pyramid and proposal network are taken"), "\(note)")
      #expect(parameters(of: network) == expected)
    } name: {
      $0.replacingOccurrences(of: #"(blocks\.\d)\.0\."#, with: "$1.", options: .regularExpression)
        .replacingOccurrences(of: "rpn.head.conv.0.0.", with: "rpn.head.conv.")
    }
  }

  /// Files of detectron2 without norms' statistics, with norms in the pyramid, or of a RetinaNet.
  @Test func otherFilesOfDetectron2() throws {
    let sizes = sizes()
    try renamed("detectron2-detector.pth") { weights in
      let backbone = try #require(try DetectorFile(weights, for: sizes)).backbone
      #expect(try backbone.tensor("bn1.running_mean", shape: [2]).array == [0, 0])
      #expect(
        try backbone.tensor("layer1.0.downsample.1.running_var", shape: [8]).array
          == Array(repeating: 1, count: 8))
      #expect(throws: InputError.self) { try backbone.tensor("layer1.0.bn1.weight", shape: [3]) }
    } name: {
      $0.contains("running_") ? nil : $0
    }
    for (old, new, why) in [
      ("fpn_lateral2.bias", "fpn_lateral2.norm.bias", "its layers have norms"),
      (
        "backbone.fpn_output2.bias", "backbone.top_block.p6.weight",
        "its levels above 5 are made in another way"
      ),
      ("fpn_lateral2.weight", "fpn_lateral2.other", "it has no level 2"),
    ] {
      try renamed("detectron2-detector.pth") { weights in
        let note = try started(weights, sizes).note
        #expect(note.hasSuffix("its pyramid and proposal network are not: \(why)"), "\(note)")
      } name: {
        $0.replacingOccurrences(of: old, with: new)
      }
    }
  }

  @Test func aBackboneAloneIsNoDetector() throws {
    try withTemporaryFolder { folder in
      let path = "\(folder)/backbone.safetensors"
      try SafeTensorsFile.write([("conv1.weight", Tensor(zeros: [2, 3, 7, 7]))], to: path)
      #expect(try DetectorFile(Weights(path: path), for: sizes()) == nil)
    }
  }
}

extension Tensor {
  fileprivate var largest: Float { array.lazy.map(abs).max() ?? 0 }
}
