package import Networks
import Support
import Tensors

/// The feature pyramid: maps of equal width at every stride, coarse meaning added to fine detail
/// (Lin et al., 2017).
///
/// A norm stands at the end of a level, and level 6 is made of level 5 before its norm, as in the
/// official code.
public struct FeaturePyramid: Sendable {
  /// Backbone levels 2...5 as they are numbered: stride 2 to that power.
  private static let backboneLevels = 2...5

  package let levels: [Int]
  package private(set) var lateral: [ConvolutionNorm] = []
  package private(set) var output: [ConvolutionNorm] = []
  /// Of the levels above the backbone's; empty when they are subsampled.
  package private(set) var coarse: [ConvolutionNorm] = []

  /// - Parameter channels: of the backbone's maps at strides 4, 8, 16 and 32.
  init(
    channels: [Int], configuration: PyramidConfiguration, norm: NormalizationConfiguration,
    name: String, using generator: inout SeededGenerator
  ) {
    levels = configuration.levels
    let width = configuration.channels
    var bias = norm
    bias.kind = .none
    for level in levels {
      if Self.backboneLevels.contains(level) {
        let depth = channels[level - Self.backboneLevels.lowerBound]
        // The backbone's maps are about ten times larger than what the heads train well on where no
        // norm follows.
        let scale: Float = norm.kind == .none ? 0.1 : 1
        lateral.append(
          .new(
            "\(name).lateral\(level)", kernel: 1, from: depth, to: width, norm: bias,
            standardDeviation: scale / Float(depth).squareRoot(), using: &generator))
        output.append(
          .new(
            "\(name).output\(level)", kernel: 3, from: width, to: width, norm: norm,
            using: &generator))
      } else if configuration.coarse == .convolved {
        coarse.append(
          .new(
            "\(name).output\(level)", kernel: 3, from: width, to: width, stride: 2, norm: norm,
            using: &generator))
      }
    }
  }

  /// - Parameter maps: the backbone's at strides 4, 8, 16 and 32, each [B, H, W, C].
  /// - Returns: one [B, H, W, width] map a level, finest first.
  func callAsFunction(_ maps: [Variable]) -> [Variable] {
    let used = maps.suffix(lateral.count)
    var merged: [Variable] = []
    for (map, convolution) in zip(used, lateral).reversed() {
      let coarser = merged.first.map {
        upsampleNearest($0, height: map.shape[1], width: map.shape[2])
      }
      merged.insert(convolution(map, adding: coarser), at: 0)
    }
    var pyramid: [Variable]
    if coarse.isEmpty {
      pyramid = zip(merged, output).map { $1($0) }
    } else {
      pyramid = zip(merged, output).dropLast().map { $1($0) }
      var (plain, normed) = output[output.count - 1].apart(merged[merged.count - 1])
      pyramid.append(normed)
      for (number, convolution) in coarse.enumerated() {
        (plain, normed) = convolution.apart(number == 0 ? plain : activate(plain, .relu))
        pyramid.append(normed)
      }
    }
    while pyramid.count < levels.count {
      pyramid.append(maxPool2d(pyramid[pyramid.count - 1], kernel: 1, stride: 2))
    }
    return pyramid
  }

  func folded(_ precision: Precision) -> FeaturePyramid {
    var copy = self
    copy.lateral = lateral.map { $0.folded(precision) }
    // What stands before the norm of level 5 is wanted where coarser levels are made of it: these stay
    // float32.
    let apart = coarse.isEmpty ? 0 : 1
    copy.output = output.dropLast(apart).map { $0.folded(precision) } + output.suffix(apart)
    return copy
  }

  var parameters: [Parameter] { (lateral + output + coarse).flatMap(\.parameters) }
}
