import Support
import Tensors

extension EfficientNetConfiguration {
  /// ALIGN's `vision_config`; the keys and their defaults are Hugging Face's, except for
  /// `image_size` a plan that is B7's.
  struct ALIGNVision: Decodable {
    var numChannels: Int?
    var imageSize: Side?
    var widthCoefficient, depthCoefficient: Double?
    var depthDivisor: Int?
    var kernelSizes, inChannels, outChannels, depthwisePadding: [Int]?
    var strides, numBlockRepeats, expandRatios: [Int]?
    var squeezeExpansionRatio: Double?
    var hiddenAct: String?
    var hiddenDim: Int?
    var poolingType: String?
    var batchNormEps: Float?

    /// One number, or height and width.
    struct Side: Decodable {
      var sides: [Int]

      init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        sides = try (try? [container.decode(Int.self)]) ?? container.decode([Int].self)
      }
    }

    /// Width and height of a picture.
    func side(at path: String) throws(InputError) -> Int {
      let sides = imageSize?.sides ?? [600]
      guard let side = sides.first, Set(sides).count == 1, 32...4096 ~= side else {
        throw unusable(
          "image_size", at: path, expected: "one size in 32...4096", got: "\(sides)")
      }
      return side
    }
  }

  /// The image tower of an ALIGN checkpoint: the plan of B0, widened, deepened, and cut off after
  /// the last stage.
  init(_ align: ALIGNVision, at path: String) throws(InputError) {
    func require<Value>(
      _ key: String, _ value: Value, _ expected: String, _ holds: (Value) -> Bool
    ) throws(InputError) -> Value {
      if holds(value) { return value }
      throw unusable(key, at: path, expected: expected, got: "\(value)")
    }
    func list(
      _ key: String, _ values: [Int]?, _ usual: [Int], _ expected: String,
      _ holds: (Int) -> Bool
    ) throws(InputError) -> [Int] {
      try require(key, values ?? usual, expected) { $0.allSatisfy(holds) }
    }
    let inputs = try list(
      "in_channels", align.inChannels, [32, 16, 24, 40, 80, 112, 192], "channels in 1...65536"
    ) { 1...65536 ~= $0 }
    let count = inputs.count
    let outputs = try list(
      "out_channels", align.outChannels, [16, 24, 40, 80, 112, 192, 320], "channels in 1...65536"
    ) { 1...65536 ~= $0 }
    let kernels = try list(
      "kernel_sizes", align.kernelSizes, [3, 3, 5, 3, 5, 5, 3], "3, 5 or 7"
    ) { [3, 5, 7].contains($0) }
    let strides = try list("strides", align.strides, [1, 2, 2, 2, 1, 2, 1], "1 or 2") {
      1...2 ~= $0
    }
    let repeats = try list(
      "num_block_repeats", align.numBlockRepeats, [1, 2, 2, 3, 3, 4, 1], "numbers in 1...64"
    ) { 1...64 ~= $0 }
    let expansions = try list(
      "expand_ratios", align.expandRatios, [1, 6, 6, 6, 6, 6, 6], "numbers in 1...16"
    ) { 1...16 ~= $0 }
    for (key, values) in [
      ("out_channels", outputs), ("kernel_sizes", kernels), ("strides", strides),
      ("num_block_repeats", repeats), ("expand_ratios", expansions),
    ] {
      _ = try require(key, values, "\(max(1, count)) numbers, one a stage") {
        $0.count == count && count > 0
      }
    }
    // The stem has the width of 32 channels, and every stage reads what the one before it wrote.
    _ = try require("in_channels", inputs, "\([32] + outputs.dropLast())") {
      $0 == [32] + outputs.dropLast()
    }
    let width = try require("width_coefficient", align.widthCoefficient ?? 2, "0.01...16") {
      0.01...16 ~= $0
    }
    let depth = try require("depth_coefficient", align.depthCoefficient ?? 3.1, "0.01...16") {
      0.01...16 ~= $0
    }
    let divisor = try require("depth_divisor", align.depthDivisor ?? 8, "1...1024") {
      1...1024 ~= $0
    }
    let activation = try require("hidden_act", align.hiddenAct ?? "swish", "swish, silu or relu") {
      ["swish", "silu", "relu"].contains($0)
    }
    let squeeze = try require(
      "squeeze_expansion_ratio", align.squeezeExpansionRatio ?? 0.25, "above 0, at most 1"
    ) { $0 > 0 && $0 <= 1 }
    let epsilon = try require("batch_norm_eps", align.batchNormEps ?? 1e-3, "0 or more") {
      $0 >= 0 && $0.isFinite
    }
    _ = try require("num_channels", align.numChannels ?? 3, "3") { $0 == 3 }
    _ = try require("pooling_type", align.poolingType ?? "mean", "mean") { $0 == "mean" }
    // The side of the pooling window; the last map lies within it.
    let smallest = (try align.side(at: path) + 31) / 32
    _ = try require("hidden_dim", align.hiddenDim ?? 2560, "\(smallest) or more") {
      $0 >= smallest
    }
    func rounded(_ channels: Int) -> Int { Self.round(channels, by: width, divisor: divisor) }
    self.init(
      stem: rounded(32),
      stages: inputs.indices.map { stage in
        Stage(
          repeats: Int((depth * Double(repeats[stage])).rounded(.up)), kernel: kernels[stage],
          stride: strides[stage], expansion: expansions[stage], output: rounded(outputs[stage]))
      }, head: nil, activation: activation == "relu" ? .relu : .swish, epsilon: epsilon,
      squeeze: squeeze, stridedPadding: .fixed(squareBlocks: Set(align.depthwisePadding ?? [])))
  }

  /// EfficientNet-B0 to B7, without head, as in Hugging Face's EfficientNet and ALIGN.
  ///
  /// - Parameter size: 0...7
  public static func b(_ size: Int) -> EfficientNetConfiguration {
    let coefficients = [
      (1.0, 1.0), (1.0, 1.1), (1.1, 1.2), (1.2, 1.4), (1.4, 1.8), (1.6, 2.2), (1.8, 2.6),
      (2.0, 3.1),
    ]
    precondition(coefficients.indices.contains(size), "there is no EfficientNet-B\(size)")
    let (width, depth) = coefficients[size]
    return EfficientNetConfiguration(
      stem: round(32, by: width),
      stages: plan.map { stage in
        var stage = stage
        stage.output = round(stage.output, by: width)
        stage.repeats = Int((Double(stage.repeats) * depth).rounded(.up))
        return stage
      }, head: nil, activation: .swish, squeeze: 0.25,
      stridedPadding: .fixed(squareBlocks: []))
  }
}

private func unusable(
  _ key: String, at path: String, expected: String, got: String
) -> InputError {
  InputError(
    .badData, "unusable 'vision_config.\(key)'", at: path, expected: expected, got: got)
}
