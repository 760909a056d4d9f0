import Foundation
import Regions
import Tensors

/// Reads regions out of the pyramid, small ones from fine levels, large ones from coarse
/// (RoIAlign; Lin et al., 2017, equation 1).
package struct RegionPooling: Sendable {
  /// Those the regions are read from: 5 is the coarsest.
  package let levels: [Int]
  package let canonicalSize: Float
  package let samplingRatio: Int

  init(_ configuration: StudentConfiguration) {
    levels = configuration.pyramid.levels.filter { $0 <= 5 }
    canonicalSize = configuration.regions.canonicalSize
    samplingRatio = configuration.regions.samplingRatio
  }

  /// - Parameters:
  ///   - features: the pyramid of B images, finest first.
  ///   - groups: of regions of each image, in pixels of the network's input.
  ///   - size: cells along each side.
  /// - Returns: [R, size, size, C], group after group, and in each image after image.
  func callAsFunction(_ features: [Variable], _ groups: [[Box]]..., size: Int) -> Variable {
    roiAlign(
      Array(features.prefix(levels.count)),
      boxes: groups.flatMap { images in
        images.enumerated().flatMap { image, boxes in boxes.map { roi($0, of: image) } }
      },
      scales: levels.map { 1 / Float(1 << $0) }, outputSize: size, samplingRatio: samplingRatio)
  }

  private func roi(_ region: Box, of image: Int) -> RoI {
    let size = max(region.area, 1).squareRoot()
    let wanted = Int((4 + log2(size / canonicalSize)).rounded(.down))
    let level = min(max(wanted, levels[0]), levels[levels.count - 1])
    return RoI(
      image: image, x0: region.x0, y0: region.y0, x1: region.x1, y1: region.y1,
      level: level - levels[0])
  }
}
