public import Images
public import Regions
public import Student
public import Support

/// One annotated image, as it is stored.
public struct TrainingExample: Sendable {
  public var image: Image
  /// Objects of base categories, in original pixels, with the position of each one's category.
  public var objects: [(box: Box, category: Int)]
  /// Boxes around many objects, which are neither object nor background.
  public var crowds: [Box]
  /// Offline proposals with the teacher's embeddings; empty when nothing is distilled.
  public var distilled: [Box]

  public init(
    image: Image, objects: [(box: Box, category: Int)], crowds: [Box] = [], distilled: [Box] = []
  ) {
    self.image = image
    self.objects = objects
    self.crowds = crowds
    self.distilled = distilled
  }

  /// The example as one training step sees it: image and all boxes mirrored and resized together,
  /// once (the official code mirrors the distilled boxes apart from the image).
  public func augmented(
    _ configuration: TrainingConfiguration, mean: [Float], standardDeviation: [Float],
    using generator: inout SeededGenerator
  ) -> AugmentedExample {
    let mirrored = generator.nextUniform() < configuration.flipProbability
    let longSide = configuration.longSides.randomElement(using: &generator)!
    let input = DetectorInput(
      mirrored ? image.flippedHorizontally() : image, longSide: longSide, mean: mean,
      standardDeviation: standardDeviation)
    let width = Float(image.width)
    func moved(_ box: Box) -> Box {
      input.resized(mirrored ? box.flippedHorizontally(inWidth: width) : box)
    }
    return AugmentedExample(
      input: input, objects: objects.map { moved($0.box) }, categories: objects.map(\.category),
      crowds: crowds.map(moved), distilled: distilled.map(moved))
  }
}

/// An example in the pixels of the detector's input.
public struct AugmentedExample: Sendable {
  public let input: DetectorInput
  public let objects: [Box]
  /// One position among the base categories an object.
  public let categories: [Int]
  public let crowds: [Box]
  public let distilled: [Box]
}
