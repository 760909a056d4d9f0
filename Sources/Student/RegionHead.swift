import Foundation
public import Regions
import Support
public import Tensors

/// The second stage's trunk: RoIAlign, convolutions and fully connected layers, then a
/// class-agnostic box output and a region embedding of the teacher's width.
public struct RegionHead: Sendable {
  private let configuration: RegionHeadConfiguration
  private let levels: [Int]
  private let convolutions: [Convolution]
  private let fullyConnected: [Linear]
  private let projection: Linear
  private let box: Linear

  /// What the head says of R regions.
  public struct Output {
    /// [R, D] unit rows
    public let embeddings: Variable
    /// [R, 4], relative to the regions with weights (10, 10, 5, 5)
    public let deltas: Variable
  }

  init(
    configuration: StudentConfiguration, embeddingWidth: Int,
    using generator: inout SeededGenerator
  ) {
    self.configuration = configuration.regions
    levels = configuration.pyramid.levels.filter { $0 <= 5 }
    let channels = configuration.pyramid.channels
    convolutions = (0..<self.configuration.convolutions).map { i in
      .initialized(
        "regions.convolution\(i)", kernel: 3, from: channels, to: channels, activation: .relu,
        using: &generator)
    }
    var width = channels * self.configuration.poolSize * self.configuration.poolSize
    var layers = [Linear]()
    for (i, next) in self.configuration.fullyConnected.enumerated() {
      layers.append(
        .initialized(
          "regions.connected\(i)", from: width, to: next, activation: .relu, using: &generator))
      width = next
    }
    fullyConnected = layers
    projection = .initialized(
      "regions.projection", from: width, to: embeddingWidth, using: &generator)
    box = .initialized(
      "regions.deltas", from: width, to: 4, standardDeviation: 0.001, using: &generator)
  }

  var parameters: [Parameter] {
    convolutions.flatMap(\.parameters)
      + (fullyConnected + [projection, box]).flatMap(\.parameters)
  }

  /// - Parameters:
  ///   - features: the pyramid of one image, finest first.
  ///   - regions: in pixels of the network's input.
  public func callAsFunction(_ features: [Variable], _ regions: [Box]) -> Output {
    let pooled = roiAlign(
      Array(features.prefix(levels.count)), boxes: regions.map(roi),
      scales: levels.map { 1 / Float(1 << $0) }, outputSize: configuration.poolSize)
    let maps = convolutions.reduce(pooled) { $1($0) }
    let flat = reshape(maps, [regions.count, -1])
    let x = fullyConnected.reduce(flat) { $1($0) }
    return Output(embeddings: l2Normalize(projection(x)), deltas: box(x))
  }

  /// Small regions are read from fine levels, large ones from coarse (Lin et al., 2017, eq. 1).
  private func roi(_ region: Box) -> RoI {
    let size = max(region.area, 1).squareRoot()
    let wanted = Int((4 + log2(size / configuration.canonicalSize)).rounded(.down))
    let level = min(max(wanted, levels[0]), levels[levels.count - 1])
    return RoI(
      image: 0, x0: region.x0, y0: region.y0, x1: region.x1, y1: region.y1,
      level: level - levels[0])
  }
}
