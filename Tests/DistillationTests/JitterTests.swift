import Distillation
import Images
import Regions
import Student
import Support
import Tensors
import Testing

/// Large-scale jitter: image, boxes and masks are resized and cut out together.
@Suite struct JitterTests {
  private func configuration(_ low: Float, _ high: Float, flip: Double = 0) -> TrainingConfiguration
  {
    var choices = TrainingConfiguration()
    (choices.jitter, choices.outputSide, choices.flipProbability) = (.range, 64, flip)
    (choices.smallestScale, choices.largestScale) = (low, high)
    return choices
  }

  private func augmented(
    _ example: TrainingExample, _ choices: TrainingConfiguration, seed: UInt64 = 0, limit: Int = 99
  ) -> AugmentedExample {
    var generator = SeededGenerator(seed: seed)
    return example.augmented(
      choices, mean: [0, 0, 0], standardDeviation: [1, 1, 1], distilledLimit: limit,
      using: &generator)
  }

  /// 32 x 16 pixels at scale 1 of 64: twice as large, 64 x 32, and padded to 64 x 64.
  @Test func aSmallImageIsPadded() {
    let box = Box(x0: 4, y0: 2, x1: 12, y1: 10)
    let example = augmented(
      TrainingExample(
        image: Image(width: 32, height: 16, filledWith: .white), objects: [(box, 3)],
        crowds: [box], distilled: .numbered([box])), configuration(1, 1))
    #expect(example.input.pixels.shape == [1, 64, 64, 3])
    #expect(example.input.width == 64 && example.input.height == 32)
    let moved = Box(x0: 8, y0: 4, x1: 24, y1: 20)
    #expect(example.objects == [moved] && example.crowds == [moved])
    #expect(example.distilled == .numbered([moved]) && example.leftOut == 0)
    #expect(example.categories == [3])
    let values = example.input.pixels.array
    #expect(values[..<(32 * 64 * 3)].allSatisfy { $0 == 255 })
    #expect(values[(32 * 64 * 3)...].allSatisfy { $0 == 0 })
  }

  /// 64 x 64 at scale 2 is 128 x 128, of which 64 x 64 is cut out: of four boxes that tile the
  /// image, a corner of 0.5 or more is distilled, and objects are clipped or dropped.
  @Test func whatIsCutOffIsClippedDroppedOrLeftOut() {
    let tiles = [
      Box(x0: 0, y0: 0, x1: 32, y1: 32), Box(x0: 32, y0: 0, x1: 64, y1: 32),
      Box(x0: 0, y0: 32, x1: 32, y1: 64), Box(x0: 32, y0: 32, x1: 64, y1: 64),
    ]
    let image = Image(width: 64, height: 64)
    var counts = Set<Int>()
    for seed in 0..<40 as Range<UInt64> {
      let example = augmented(
        TrainingExample(
          image: image, objects: tiles.enumerated().map { ($1, $0) },
          distilled: .numbered(tiles)),
        configuration(2, 2), seed: seed)
      let window = Box(x0: 0, y0: 0, x1: 64, y1: 64)
      // The tiles still tile what is seen, but for slivers of less than a pixel.
      let seen = example.objects.reduce(0) { $0 + $1.area }
      #expect(seen > 63 * 63 && seen <= 64 * 64)
      #expect(example.objects.allSatisfy { $0.intersection(window) == $0 })
      // A whole tile has 4,096 input pixels.
      let enough = example.objects.count { $0.area >= 0.5 * 4096 }
      #expect(example.distilled.count == enough && example.leftOut == 4 - enough)
      for (box, row) in zip(example.distilled.regions.boxes, example.distilled.numbers) {
        let position = example.categories.firstIndex(of: row)
        #expect(position.map { example.objects[$0] } == box)
      }
      counts.insert(enough)
    }
    #expect(counts.count > 1, "some windows see half a tile, others do not")
  }

  @Test func theThresholdIsTheConfigurations() {
    let box = Box(x0: 0, y0: 0, x1: 64, y1: 64)
    let example = TrainingExample(
      image: Image(width: 64, height: 64), objects: [], distilled: .numbered([box, box, box]))
    var choices = configuration(2, 2)
    // A window of half the width and height sees exactly a quarter.
    choices.smallestVisibleShare = 0.25
    #expect(augmented(example, choices).distilled.numbers == [0, 1, 2])
    #expect(augmented(example, choices, limit: 2).distilled.count == 2)
    choices.smallestVisibleShare = 0.26
    #expect(augmented(example, choices).leftOut == 3)
  }

  @Test func whatIsSmallerThanAPixelIsNotSeen() {
    let box = Box(x0: 10, y0: 10, x1: 15, y1: 60)
    let example = augmented(
      TrainingExample(
        image: Image(width: 64, height: 64), objects: [(box, 0)], crowds: [box],
        distilled: .numbered([box])),
      configuration(0.1, 0.1))
    #expect(example.objects.isEmpty && example.crowds.isEmpty && example.distilled.isEmpty)
    #expect(example.leftOut == 1 && example.input.width == 6)
  }

  /// Red tells the column and green the row that a pixel came from: what lies under a distilled box
  /// is what the teacher saw, whatever is drawn; and it would not be, had the image been mirrored
  /// once more than its boxes.
  @Test(arguments: [Jitter.none, .range])
  func theStudentSeesWhatTheTeacherSaw(jitter: Jitter) {
    var image = Image(width: 120, height: 90)
    for y in 0..<90 { for x in 0..<120 { image[x, y] = Color(UInt8(2 * x), UInt8(2 * y), 0) } }
    let boxes = (0..<12).map { i -> Box in
      let (x, y) = (Float(i % 4 * 28), Float(i / 4 * 28))
      return Box(x0: x, y0: y, x1: x + 24 + Float(i), y1: y + 26)
    }
    let example = TrainingExample(image: image, objects: [], distilled: .numbered(boxes))
    var (checked, left) = (0, 0)
    for seed in 0..<60 as Range<UInt64> {
      var choices = configuration(0.5, 2, flip: 0.5)
      (choices.jitter, choices.longSides) = (jitter, [60, 120, 200])
      let seen = augmented(example, choices, seed: seed)
      let (pixels, width) = (seen.input.pixels.array, seen.input.pixels.shape[2])
      left += seen.leftOut
      for (box, row) in zip(seen.distilled.regions.boxes, seen.distilled.numbers) {
        let (source, size) = (boxes[row], (x: Int(box.width), y: Int(box.height)))
        func color(_ part: Float) -> (Float, Float) {
          let at = (Int(box.y0 + part * Float(size.y)) * width + Int(box.x0 + part * Float(size.x)))
          return (pixels[3 * at] / 2, pixels[3 * at + 1] / 2)
        }
        // Inner points stand on the source box's pixels, and a cut-off box shows a part of it.
        for part: Float in [0.25, 0.5, 0.75] {
          let (x, y) = color(part)
          #expect(x > source.x0 - 1.5 && x < source.x1 + 1.5, "\(seed) \(row)")
          #expect(y > source.y0 - 1.5 && y < source.y1 + 1.5, "\(seed) \(row)")
        }
        checked += 1
      }
    }
    #expect(checked > 300 && (jitter == .none) == (left == 0))
  }

  /// A mask's target follows its region through mirroring, resizing and cutting.
  @Test func masksGoWithTheirBoxes() throws {
    let box = Box(x0: 8, y0: 16, x1: 40, y1: 48)
    // The box's left half.
    let mask = Mask(
      width: 64, height: 64, polygons: [[8, 16, 24, 16, 24, 48, 8, 48]])
    let example = TrainingExample(
      image: Image(width: 64, height: 64), objects: [(box, 0), (box, 1)], masks: [mask, nil])
    for seed in 0..<30 as Range<UInt64> {
      for flip in [0.0, 1] {
        let seen = augmented(example, configuration(0.5, 1.5, flip: flip), seed: seed)
        let whole = seen.objects.count == 2 ? seen.objects[0] : nil
        // Only where the box is not cut off is the left half the left half.
        guard let whole, abs(whole.width - whole.height) < 0.01, whole.width > 12 else { continue }
        let target = try #require(seen.maskTarget(of: 0, in: whole, side: 2))
        let expected: [Float] = flip == 0 ? [1, 0, 1, 0] : [0, 1, 0, 1]
        for (got, wanted) in zip(target, expected) { #expect(abs(got - wanted) < 0.1) }
        #expect(seen.maskTarget(of: 1, in: whole, side: 2) == nil)
      }
    }
  }

  /// The visible part of the box has nothing of the object.
  @Test func anObjectWhoseMaskIsCutOffIsDropped() {
    let box = Box(x0: 0, y0: 0, x1: 64, y1: 64)
    let mask = Mask(width: 64, height: 64, polygons: [[0, 0, 2, 0, 2, 2, 0, 2]])
    let example = TrainingExample(
      image: Image(width: 64, height: 64), objects: [(box, 0)], masks: [mask])
    let kept = (0..<30 as Range<UInt64>).count {
      !augmented(example, configuration(2, 2), seed: $0).objects.isEmpty
    }
    #expect(kept < 15)
  }
}
