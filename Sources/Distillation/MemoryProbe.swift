import Images
import Regions
public import Student
import Support
import Tensors

/// Finds out what a student takes by small training steps on noise.
public struct MemoryProbe {
  private let student: Student
  private let accumulates: Bool
  /// Of the regions, those that are distilled.
  private let distilledShare: Double
  private let optimizer: any Optimizer

  /// - Parameters:
  ///   - student: with any weights; the probe changes them.
  ///   - distilledRegions: of an image; 0 where nothing is distilled.
  public init(_ student: Student, training: TrainingConfiguration, distilledRegions: Int) {
    self.student = student
    accumulates = training.imagesPerStep > training.imagesPerForward
    let sampled = student.configuration.regions.sampledRegions
    distilledShare = Double(distilledRegions) / Double(sampled + distilledRegions)
    optimizer = training.makeOptimizer(of: student.parameters)
  }

  /// The formula for steps of about the proportions of `size`, found with an image of at most
  /// 256 x 256 pixels: what is largest depends on them.
  public func formula(for size: TrainingSize) -> MemoryFormula {
    let side = Self.side(of: size.pixels)
    let pixels = side * side
    let share = Double(pixels) / Double(size.pixels)
    let regions = max(16, Int((Double(size.regions) * share).rounded()))
    let small = TrainingSize(pixels: pixels, regions: regions, categories: size.categories)
    return MemoryFormula(
      small, pixels: 2 * pixels, regions: 2 * regions, categories: 4 * size.categories,
      bytes: bytes)
  }

  /// The peak of a step's tensors, with as many foreground regions as may be sampled: the most.
  public func bytes(_ size: TrainingSize) -> Int {
    let distilled = Int((Double(size.regions) * distilledShare).rounded())
    let student = student.sampling(size.regions - distilled)
    var generator = SeededGenerator(seed: 1)
    let names = Self.rows(size.categories, student.embeddingWidth, using: &generator)
    let teacher = Self.rows(distilled, student.embeddingWidth, using: &generator)
    let example = example(size, of: student, teacher: teacher, using: &generator)
    let side = student.configuration.masks.side
    let mask = [Float](repeating: 0, count: side * side)
    // The first step makes the velocities.
    for _ in 0..<2 {
      TensorMemory.resetPeak()
      for _ in 0..<(accumulates ? 2 : 1) {
        let tape = Tape()
        let losses = student.losses(
          [example], baseEmbeddings: names, maskTarget: { _, _, _, _ in mask }, tape: tape,
          using: &generator)
        tape.backward(losses.total(distillationWeight: 1))
      }
      optimizer.step(rate: 0)
    }
    return TensorMemory.peak
  }

  /// Noise with objects side by side, enough for all foreground.
  ///
  /// - Parameter teacher: [R, D], of R regions that are distilled.
  private func example(
    _ size: TrainingSize, of student: Student, teacher: Tensor,
    using generator: inout SeededGenerator
  ) -> AugmentedExample {
    let width = Self.side(of: size.pixels)
    let height = DetectorInput.padded(size.pixels / width)
    let image = Image(
      width: width, height: height,
      pixels: (0..<3 * width * height).map { _ in UInt8(truncatingIfNeeded: generator.next()) })
    let head = student.configuration.regions
    let objects = Int(head.foregroundShare * Double(head.sampledRegions)) + 1
    func boxes(_ count: Int) -> [Box] {
      (0..<count).map { _ in
        let (x, y) = (
          Float(generator.nextUniform()) * Float(width - 16),
          Float(generator.nextUniform()) * Float(height - 16)
        )
        return Box(x0: x, y0: y, x1: x + 16, y1: y + 16)
      }
    }
    var choices = TrainingConfiguration()
    choices.longSides = [max(width, height)]
    let objectBoxes = boxes(objects)
    let distilled = boxes(teacher.shape[0]).map { Region(box: $0, score: 1) }
    return TrainingExample(
      image: image, objects: objectBoxes.map { ($0, 0) },
      distilled: EmbeddedRegions(distilled, vectors: teacher.array)
    ).augmented(
      choices, mean: [127, 127, 127], standardDeviation: [128, 128, 128], using: &generator)
  }

  /// Of a square of at most so many pixels, as the network takes it.
  private static func side(of pixels: Int) -> Int {
    min(256, max(64, Int(Double(pixels).squareRoot()) / 32 * 32))
  }

  private static func rows(
    _ count: Int, _ width: Int, using generator: inout SeededGenerator
  ) -> Tensor {
    l2Normalize(Variable(.normal([count, width], standardDeviation: 1, using: &generator))).value
  }
}
