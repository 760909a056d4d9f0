package import Networks
import Support
package import Tensors

/// The layers between RoIAlign and what is said of a region: convolutions, then fully connected.
package struct RegionTrunk: Sendable {
  package private(set) var convolutions: [ConvolutionNorm] = []
  package private(set) var connected: [LinearNorm] = []
  /// Of the result.
  private(set) var width: Int

  /// - Parameter name: before the layers' own.
  init(
    _ configuration: StudentConfiguration, name: String, using generator: inout SeededGenerator
  ) {
    let (head, norm) = (configuration.regions, configuration.normalization)
    let channels = configuration.pyramid.channels
    for i in 0..<head.convolutions {
      convolutions.append(
        .new(
          "\(name).convolution\(i)", kernel: 3, from: channels, to: channels, norm: norm,
          activation: .relu, using: &generator))
    }
    width = channels * head.poolSize * head.poolSize
    for (i, next) in head.fullyConnected.enumerated() {
      connected.append(
        .new("\(name).connected\(i)", from: width, to: next, norm: norm, using: &generator))
      width = next
    }
  }

  /// [R, S, S, C] to [R, width].
  func callAsFunction(_ regions: Variable) -> Variable {
    let maps = convolutions.reduce(regions) { $1($0) }
    return connected.reduce(reshape(maps, [regions.shape[0], -1])) { $1($0) }
  }

  func folded(_ precision: Precision) -> RegionTrunk {
    var copy = self
    copy.convolutions = convolutions.map { $0.folded(precision) }
    copy.connected = connected.map { $0.folded(precision) }
    return copy
  }

  var parameters: [Parameter] {
    convolutions.flatMap(\.parameters) + connected.flatMap(\.parameters)
  }
}

/// A trunk with what the methods that classify by text add to it: a class-agnostic box and an
/// embedding in the teacher's space.
package struct RegionHead: Sendable {
  package private(set) var trunk: RegionTrunk
  package private(set) var projection: Linear
  package private(set) var deltas: Linear

  init(
    _ configuration: StudentConfiguration, embeddingWidth: Int,
    using generator: inout SeededGenerator
  ) {
    trunk = RegionTrunk(configuration, name: "regions", using: &generator)
    projection = .new(
      "regions.projection", from: trunk.width, to: embeddingWidth, using: &generator)
    deltas = .boxes(from: trunk.width, using: &generator)
  }

  /// [R, S, S, C] to [R, D] unit rows, and [R, 4].
  func callAsFunction(_ regions: Variable) -> (embeddings: Variable, deltas: Variable) {
    let x = trunk(regions)
    return (l2Normalize(projection(x)), deltas(x))
  }

  func folded(_ precision: Precision) -> RegionHead {
    var copy = self
    copy.trunk = trunk.folded(precision)
    copy.projection = projection.folded(precision)
    copy.deltas = deltas.folded(precision)
    return copy
  }

  var parameters: [Parameter] {
    trunk.parameters + projection.parameters + deltas.parameters
  }
}

extension Linear {
  /// The class-agnostic box output.
  static func boxes(from width: Int, using generator: inout SeededGenerator) -> Linear {
    .new("regions.deltas", from: width, to: 4, standardDeviation: 0.001, using: &generator)
  }
}
