import Support
import Tensors

/// The feature pyramid: maps of equal width at every stride, coarse meaning added to fine detail
/// (Lin et al., 2017).
public struct FeaturePyramid: Sendable {
  /// Backbone levels 2...5 as they are numbered: stride 2 to that power.
  private static let backboneLevels = 2...5

  private let levels: [Int]
  private let lateral: [Convolution]
  private let output: [Convolution]

  /// - Parameter channels: of the backbone's maps at strides 4, 8, 16 and 32.
  init(
    channels: [Int], configuration: PyramidConfiguration, name: String,
    using generator: inout SeededGenerator
  ) {
    levels = configuration.levels
    let width = configuration.channels
    var lateral = [Convolution]()
    var output = [Convolution]()
    for level in levels where Self.backboneLevels.contains(level) {
      let depth = channels[level - Self.backboneLevels.lowerBound]
      // The backbone's maps are about ten times larger than what the heads train well on.
      lateral.append(
        .initialized(
          "\(name).lateral\(level)", kernel: 1, from: depth, to: width,
          standardDeviation: 0.1 / Float(depth).squareRoot(), using: &generator))
      output.append(
        .initialized(
          "\(name).output\(level)", kernel: 3, from: width, to: width, using: &generator))
    }
    (self.lateral, self.output) = (lateral, output)
  }

  /// - Parameter maps: the backbone's at strides 4, 8, 16 and 32, each [B, H, W, C].
  /// - Returns: one [B, H, W, width] map a level, finest first.
  func callAsFunction(_ maps: [Variable]) -> [Variable] {
    let used = maps.suffix(lateral.count)
    var merged = zip(used, lateral).map { $1($0) }
    for i in merged.indices.dropLast().reversed() {
      let fine = merged[i].shape
      merged[i] = add(merged[i], upsampleNearest(merged[i + 1], height: fine[1], width: fine[2]))
    }
    var pyramid = zip(merged, output).map { $1($0) }
    while pyramid.count < levels.count {
      pyramid.append(maxPool2d(pyramid[pyramid.count - 1], kernel: 1, stride: 2))
    }
    return pyramid
  }

  var parameters: [Parameter] { (lateral + output).flatMap(\.parameters) }
}

extension Convolution {
  /// A new square convolution with "same" padding, He-initialised unless a deviation is given.
  static func initialized(
    _ name: String, kernel: Int, from input: Int, to output: Int,
    activation: Activation = .identity, standardDeviation: Float? = nil,
    using generator: inout SeededGenerator
  ) -> Convolution {
    let shape = [kernel, kernel, input, output]
    let fanIn = kernel * kernel * input
    let deviation = standardDeviation ?? ((activation == .relu ? 2 : 1) / Float(fanIn)).squareRoot()
    return Convolution(
      weight: Parameter(
        "\(name).weight",
        .normal(shape, standardDeviation: deviation, using: &generator)),
      bias: Parameter("\(name).bias", Tensor(zeros: [output]), decays: false),
      padding: .fixed(kernel / 2), activation: activation)
  }
}

extension Linear {
  /// A new fully connected layer, He-initialised unless a deviation is given.
  static func initialized(
    _ name: String, from input: Int, to output: Int, activation: Activation = .identity,
    standardDeviation: Float? = nil, using generator: inout SeededGenerator
  ) -> Linear {
    let deviation = standardDeviation ?? ((activation == .relu ? 2 : 1) / Float(input)).squareRoot()
    return Linear(
      weight: Parameter(
        "\(name).weight",
        .normal([input, output], standardDeviation: deviation, using: &generator)),
      bias: Parameter("\(name).bias", Tensor(zeros: [output]), decays: false),
      activation: activation)
  }
}
