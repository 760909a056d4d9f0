import Foundation
import Images
import Regions
import Support
import Teacher
import Tensors

/// From the bytes of a JPEG to the pixels of a tower, without the tower.
extension Benchmark {
  /// 16 crops of 260 x 260 pixels of each of as many images as there are threads; an item is an image.
  static func crops(_ photograph: String?) throws -> Work {
    guard let photograph else { throw InputError(.usage, "which JPEG?") }
    let data = try Files.read(photograph)
    let preprocessing = Preprocessing(
      size: 260, mean: .init(repeating: 127), standardDeviation: .init(repeating: 128))
    let rects = boxes(16, scale: 1).map {
      PixelRect(x0: Int($0.x0), y0: Int($0.y0), x1: Int($0.x1), y1: Int($0.y1))
    }
    let images = Parallel.workers
    return (
      images,
      {
        _ = try Parallel.map(images) { _ throws in
          let image = try Image.decode(data, name: photograph, orientation: .stored)
          return rects.reduce(0) { sum, rect in
            sum + preprocessing.pixels(of: [rect], in: image).count
          }
        }
      }
    )
  }
}
