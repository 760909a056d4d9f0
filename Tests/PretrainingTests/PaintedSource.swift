import Images
import Pretraining
import Support

/// Discs, squares and stripes in several colours on noisy ground.
struct PaintedSource: CropSource {
  static let colors = [
    ("red", Color(230, 40, 40)), ("green", Color(40, 200, 60)), ("blue", Color(50, 70, 230)),
    ("yellow", Color(240, 220, 40)),
  ]
  static let shapes = ["disc", "square", "stripes"]

  let categories = PaintedSource.shapes.flatMap { shape in
    PaintedSource.colors.map {
      CropCategory(
        name: "\($0.0) \(shape)", synonyms: ["\(shape) that is \($0.0)"], keywords: [$0.0, shape])
    }
  }
  var fingerprint = "painted"

  func crop(of category: Int, seed: UInt64, variety: Double) throws -> Image {
    var generator = SeededGenerator(seed: seed)
    let (shape, color) = category.quotientAndRemainder(dividingBy: Self.colors.count)
    let paint = Self.colors[color].1
    let side = Int.random(in: 16...28, using: &generator)
    let ground = UInt8.random(in: 0...200, using: &generator)
    var image = Image(
      width: side, height: side, filledWith: Color(ground, ground, ground))
    let (cx, cy) = (
      Int.random(in: side / 2 - 2...side / 2 + 2, using: &generator),
      Int.random(in: side / 2 - 2...side / 2 + 2, using: &generator)
    )
    for y in 0..<side {
      for x in 0..<side {
        let (dx, dy) = (x - cx, y - cy)
        let isInside =
          switch shape {
          case 0: dx * dx + dy * dy < side * side / 9
          case 1: abs(dx) < side / 3 && abs(dy) < side / 3
          default: y / 3 % 2 == 0
          }
        if isInside { image[x, y] = paint }
      }
    }
    return image
  }
}
