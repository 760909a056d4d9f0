import Support

/// Where a scene's objects lie, from the back to the front.
///
/// Objects may hide each other and be cut off by the border, but of what lies in the image, of each
/// at least `leastVisible` stays visible. That is looked at in every fourth column and row, which are
/// pixels of the scene: an object that is visible there is visible in the scene.
package struct SceneLayout {
  package struct Object {
    /// A place in the catalogue's categories.
    package let category: Int
    package let placement: Placement
  }

  static let leastVisible = 0.4
  private static let stride = 4

  package let width, height: Int
  package private(set) var objects: [Object] = []
  /// Of each looked-at pixel, the object in front; -1 for none.
  private var owners: [Int]
  /// Of each object, looked-at pixels: all, and the visible ones.
  private var all: [Int] = []
  private var visible: [Int] = []

  /// Places objects of `categories`, in this order; of a category that is there twice, all but the
  /// first are left out where there is no room.
  ///
  /// - Parameter sides: of the objects' longer sides, in pixels.
  init(
    _ categories: [Int], width: Int, height: Int, sides: ClosedRange<Double>,
    catalogue: EmojiCatalogue, _ random: inout SeededGenerator
  ) {
    // Smaller objects fit where these do not.
    var sides = sides
    while true {
      var layout = SceneLayout(width: width, height: height)
      if layout.place(categories, sides: sides, catalogue: catalogue, &random) {
        self = layout
        return
      }
      sides = sides.lowerBound * 0.8...sides.upperBound * 0.7
    }
  }

  private init(width: Int, height: Int) {
    self.width = width
    self.height = height
    owners = [Int](repeating: -1, count: width * height)
  }

  /// - Returns: whether every category has an object.
  private mutating func place(
    _ categories: [Int], sides: ClosedRange<Double>, catalogue: EmojiCatalogue,
    _ random: inout SeededGenerator
  ) -> Bool {
    var placed = Set<Int>()
    for category in categories {
      let glyph = catalogue.glyphs[category]
      var side = random.logarithmic(sides)
      var isPlaced = false
      for _ in 0..<30 where !isPlaced {
        var placement = Placement.random(glyph, longerSide: side, turned: 0.7, &random)
        let size = placement.bounds(of: glyph).high - placement.bounds(of: glyph).low
        // At most a quarter of its width and height beyond the border.
        let room = SIMD2(Double(width), Double(height)) - size / 2
        placement.centre =
          size / 4 + SIMD2(random.nextUniform(), random.nextUniform()) * pointwiseMax(room, .zero)
        switch add(Object(category: category, placement: placement), glyph) {
        case .placed: isPlaced = true
        case .tooThin: side *= 1.3
        case .hides: side = max(sides.lowerBound, side * 0.85)
        }
      }
      if isPlaced { placed.insert(category) }
    }
    return placed.count == Set(categories).count
  }

  private enum Outcome { case placed, tooThin, hides }

  private mutating func add(_ object: Object, _ glyph: Glyph) -> Outcome {
    var cells = [Int]()
    glyph.sample(object.placement, width: width, height: height, stride: Self.stride) {
      x, y, color in
      if color.isOpaque { cells.append(y * width + x) }
    }
    if cells.count < 5 { return .tooThin }
    var lost = [Int: Int]()
    for cell in cells where owners[cell] >= 0 { lost[owners[cell], default: 0] += 1 }
    for (other, count) in lost
    where Double(visible[other] - count) < Self.leastVisible * Double(all[other]) {
      return .hides
    }
    for (other, count) in lost { visible[other] -= count }
    for cell in cells { owners[cell] = objects.count }
    objects.append(object)
    all.append(cells.count)
    visible.append(cells.count)
    return .placed
  }
}

extension UInt64 {
  /// Whether a colour of `Glyph.sample` is at least half opaque: such pixels are the object's.
  @inline(__always)
  var isOpaque: Bool { self >= 0x8000 &<< 48 }
}
