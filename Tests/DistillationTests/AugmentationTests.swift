import Distillation
import Images
import Regions
import Student
import Support
import Tensors
import Testing

/// Image and boxes are moved together: what a box stood on, it still stands on.
@Suite struct AugmentationTests {
  /// 40 x 20 pixels, black but for one white rectangle.
  let marked = Box(x0: 10, y0: 4, x1: 18, y1: 12)
  let image: Image

  init() {
    var image = Image(width: 40, height: 20)
    for y in 4..<12 { for x in 10..<18 { image[x, y] = Color(255, 255, 255) } }
    self.image = image
  }

  private func augmented(flip: Double, longSides: [Int], seed: UInt64 = 0) -> AugmentedExample {
    var choices = TrainingConfiguration()
    choices.flipProbability = flip
    choices.longSides = longSides
    var generator = SeededGenerator(seed: seed)
    return TrainingExample(
      image: image, objects: [(marked, 7)], crowds: [marked],
      distilled: .numbered([marked, marked])
    ).augmented(
      choices, mean: [0, 0, 0], standardDeviation: [255, 255, 255], using: &generator)
  }

  /// The white pixels' bounding box in the network's input.
  private func white(_ input: DetectorInput) -> Box {
    let (values, width) = (input.pixels.array, input.pixels.shape[2])
    let cells = values.indices.filter { $0 % 3 == 0 && values[$0] > 0.5 }.map { $0 / 3 }
    let (columns, rows) = (cells.map { $0 % width }, cells.map { $0 / width })
    return Box(
      x0: Float(columns.min()!), y0: Float(rows.min()!), x1: Float(columns.max()! + 1),
      y1: Float(rows.max()! + 1))
  }

  /// By hand: mirrored, columns 10..<18 of 40 are 22..<30; twice as large, 44..<60 and 8..<24.
  @Test func mirroredAndTwiceAsLarge() {
    let example = augmented(flip: 1, longSides: [80])
    #expect(example.input.pixels.shape == [1, 64, 96, 3])
    #expect(example.input.width == 80 && example.input.height == 40)
    let moved = Box(x0: 44, y0: 8, x1: 60, y1: 24)
    #expect(example.objects == [moved] && example.crowds == [moved])
    #expect(example.distilled == .numbered([moved, moved]) && example.categories == [7])
    #expect(white(example.input) == moved)
  }

  @Test(arguments: [0.0, 1.0], [20, 40, 60, 100])
  func aBoxStaysOnItsPixels(flip: Double, longSide: Int) {
    let example = augmented(flip: flip, longSides: [longSide])
    let (seen, box) = (white(example.input), example.objects[0])
    for (a, b) in [(seen.x0, box.x0), (seen.y0, box.y0), (seen.x1, box.x1), (seen.y1, box.y1)] {
      #expect(abs(a - b) <= 0.5)
    }
    #expect(example.input.original(example.input.resized(marked)) == marked)
  }

  @Test func paddingIsZeroAfterNormalisation() {
    let example = augmented(flip: 0, longSides: [40])
    let values = example.input.pixels.array
    #expect(example.input.pixels.shape == [1, 32, 64, 3])
    for row in 0..<32 {
      let line = values[row * 64 * 3..<(row + 1) * 64 * 3]
      #expect((row < 20 ? line.dropFirst(40 * 3) : line).allSatisfy { $0 == 0 })
    }
  }

  @Test func chanceFollowsTheGeneratorAlone() {
    let all = (0..<64).map { augmented(flip: 0.5, longSides: [40, 80], seed: $0) }
    #expect(Set(all.map(\.objects)).count == 4)
    #expect(all[5].objects == augmented(flip: 0.5, longSides: [40, 80], seed: 5).objects)
  }
}

extension EmbeddedRegions {
  /// Regions whose embeddings, of width 1, are their numbers from 0.
  static func numbered(_ boxes: [Box]) -> EmbeddedRegions {
    EmbeddedRegions(
      boxes.map { Region(box: $0, score: 1) }, vectors: boxes.indices.map { Float($0) })
  }

  /// Of `numbered` regions, what their embeddings say.
  var numbers: [Int] { vectors.map { Int($0) } }
}
