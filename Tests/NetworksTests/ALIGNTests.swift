import Foundation
import Networks
import Support
import Tensors
import TestSupport
import Testing

/// Compares with `make_align.py`.
@Suite struct ALIGNTests {
  let golden: SafeTensorsFile
  let model: ALIGN

  init() throws {
    golden = try SafeTensorsFile(path: fixture("Goldens/align-tiny.safetensors"))
    model = try ALIGN.load(
      try ALIGNConfiguration(path: fixture("Goldens/align-tiny.json")), from: golden)
  }

  /// The first picture after the stem and after each block; norms apart and folded.
  @Test(arguments: [false, true])
  func everyBlockIsThatOfPyTorch(isFolded: Bool) throws {
    let tower = isFolded ? model.vision.folded() : model.vision
    let pixels = try golden.tensor("golden.pixel_values").channelsLast.rows(0..<1)
    let maps = tower.maps(Variable(pixels))
    #expect(maps.count == 11)
    for (number, map) in maps.enumerated() {
      let name = number == 0 ? "golden.stem" : "golden.blocks.\(number - 1)"
      #expect(map.value.distance(to: try golden.tensor(name).channelsLast) < 2e-5, "\(name)")
    }
  }

  @Test func embeddingsAndLogitsAreThoseOfPyTorch() throws {
    try model.compare(with: golden, prefix: "golden.", tolerance: 2e-5)
  }

  /// Kernels of each kind and both products of the excitation, through norms that stay.
  @Test func gradientsAreThoseOfPyTorch() throws {
    let tape = Tape()
    let pixels = tape.constant(try golden.tensor("golden.pixel_values").channelsLast)
    let weights = try golden.tensor("golden.weights").reshaped([24, 1])
    let sums = linear(model.vision.pooled(pixels), Variable(weights))
    tape.backward(
      reshape(linear(reshape(sums, [1, 2]), Variable(Tensor([2, 1], [1, 1]))), []))

    let parameters = Dictionary(
      uniqueKeysWithValues: model.vision.parameters.map { ("vision_model.\($0.name)", $0) })
    let names = golden.names.filter { $0.hasPrefix("golden.gradient.") }
    #expect(names.count == 6)
    for name in names {
      let expected = try golden.tensor(name)
      let parameter = try #require(parameters[String(name.dropFirst("golden.gradient.".count))])
      let inOurLayout =
        switch parameter.value.shape.count {
        case 3: expected.fromPyTorchDepthwise
        case 2: expected.reshaped(Array(expected.shape.prefix(2))).transposed
        case 1: expected
        default: expected.fromPyTorchConvolution
        }
      #expect(try #require(parameter.gradient).distance(to: inOurLayout) < 1e-4, "\(name)")
    }
    #expect(
      model.vision.parameters.filter { $0.name.contains("_norm") }.allSatisfy { $0.gradient == nil }
    )
  }

  @Test func everyTensorOfACheckpointHasItsParameter() {
    let stored = golden.names.filter { !$0.hasPrefix("golden.") && !$0.contains("pooler") }
    let ours =
      model.vision.parameters.map { "vision_model.\($0.name)" }
      + model.text.parameters.map { "text_model.\($0.name)" }
      + model.projection.parameters.map(\.name) + ["temperature"]
    #expect(ours.sorted() == stored)
  }

  @Test func theTextTowerWithoutItsImageTowerNamesWhatIsMissing() throws {
    try withTemporaryFolder { folder in
      let path = "\(folder)/model.safetensors"
      let text = golden.names.filter { $0.hasPrefix("text_") }
      try SafeTensorsFile.write(
        try text.map { ($0, try golden.tensor($0)) }, to: path)
      let error = #expect(throws: InputError.self) {
        try ALIGN.load(model.configuration, from: try SafeTensorsFile(path: path))
      }
      #expect(error?.what.contains("vision_model.embeddings.convolution.weight") == true)
    }
  }

  @Test(arguments: [
    (#""model_type": "align""#, #""model_type": "clip""#, "ALIGN"),
    (#""projection_dim": 24"#, #""projection_dim": 32"#, "widths"),
    (#""width_coefficient": 0.5"#, #""width_coefficient": "0.5""#, "width_coefficient"),
    (#""width_coefficient": 0.5"#, #""width_coefficient": 1e300"#, "width_coefficient"),
    (#""depth_coefficient": 1.3"#, #""depth_coefficient": -1"#, "depth_coefficient"),
    (#""hidden_dim": 24"#, #""hidden_dim": 1"#, "hidden_dim"),
    (#""image_size": 45"#, #""image_size": [45, 60]"#, "image_size"),
    (#""image_size": 45"#, #""image_size": 45, "pooling_type": "max""#, "pooling_type"),
    (#""image_size": 45"#, #""image_size": 45, "hidden_act": "tanh""#, "hidden_act"),
    (#""depth_divisor": 8"#, #""depth_divisor": 0"#, "depth_divisor"),
    (#""squeeze_expansion_ratio": 0.25"#, #""squeeze_expansion_ratio": 0"#, "squeeze"),
    (#""num_attention_heads": 3"#, #""num_attention_heads": 5"#, "num_attention_heads"),
  ])
  func anUnusableConfigurationNamesItsKey(from: String, to: String, key: String) throws {
    let text = try String(contentsOfFile: fixture("Goldens/align-tiny.json"), encoding: .utf8)
    let changed = text.replacingOccurrences(of: from, with: to)
    #expect(changed != text)
    try withTemporaryFolder { folder in
      try Files.write(Data(changed.utf8), to: "\(folder)/config.json")
      let error = #expect(throws: InputError.self) {
        try ALIGNConfiguration(path: "\(folder)/config.json")
      }
      #expect(error?.what.contains(key) == true && error?.place == "\(folder)/config.json")
    }
  }

  /// Without keys it is kakaobrain/align-base: EfficientNet-B7 and BERT-base.
  @Test func theDefaultIsAlignBase() throws {
    try withTemporaryFolder { folder in
      try Files.write(Data(#"{"model_type": "align"}"#.utf8), to: "\(folder)/config.json")
      let configuration = try ALIGNConfiguration(path: "\(folder)/config.json")
      #expect(configuration.vision == .b(7))
      #expect(configuration.vision.stages.map(\.output) == [32, 48, 80, 160, 224, 384, 640])
      #expect(configuration.vision.stages.map(\.repeats) == [4, 7, 7, 10, 10, 13, 4])
      #expect(configuration.text.width == 768 && configuration.width == 640)
    }
  }
}
