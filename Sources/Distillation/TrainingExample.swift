public import Images
public import Regions
public import Student
public import Support

/// One annotated image, as it is stored.
public struct TrainingExample: Sendable {
  public var image: Image
  /// Objects of base categories, in original pixels, with the position of each one's category.
  public var objects: [(box: Box, category: Int)]
  /// One per object, of the image's size, or none at all.
  public var masks: [Mask?]
  /// Boxes around many objects, which are neither object nor background.
  public var crowds: [Box]
  /// Offline proposals with the teacher's embeddings; empty when nothing is distilled.
  public var distilled: EmbeddedRegions

  public init(
    image: Image, objects: [(box: Box, category: Int)], masks: [Mask?] = [], crowds: [Box] = [],
    distilled: EmbeddedRegions = EmbeddedRegions()
  ) {
    precondition(masks.isEmpty || masks.count == objects.count, "one mask per object, or none")
    self.image = image
    self.objects = objects
    self.masks = masks
    self.crowds = crowds
    self.distilled = distilled
  }

  /// Version of the rules of `augmented`: what is done, in which order, and which random numbers are
  /// drawn for it. Counted up when one changes.
  static let augmentation = 1

  /// The example as one training step sees it: image, objects, masks, crowds and distilled regions
  /// mirrored, resized and cut out together, once (the official code mirrors the distilled boxes
  /// apart from the image).
  ///
  /// Objects and crowds are clipped to what can be seen; those of less than a pixel are dropped. Of
  /// a distilled region the teacher has seen all, so it stays only where the student sees enough.
  /// - Parameter distilledLimit: how many of the visible distilled regions to keep at most, drawn
  ///   without replacement.
  public func augmented(
    _ configuration: TrainingConfiguration, mean: [Float], standardDeviation: [Float],
    distilledLimit: Int = .max, using generator: inout SeededGenerator
  ) -> AugmentedExample {
    let (input, placement) = placed(
      configuration, mean: mean, standardDeviation: standardDeviation, using: &generator)
    var seen: [(box: Box, category: Int, mask: Mask?)] = []
    for (index, object) in objects.enumerated() {
      guard let box = placement.visible(placement.place(object.box)) else { continue }
      let mask = masks.isEmpty ? nil : masks[index].flatMap { $0.isEmpty ? nil : $0 }
      let visibleMask = mask.map(placement.visible)
      if visibleMask?.isEmpty == true { continue }
      seen.append((box, object.category, visibleMask))
    }
    let (distilled, leftOut) = distilled.moved(atMost: distilledLimit, using: &generator) {
      placement.visible(placement.place($0), atLeast: configuration.smallestVisibleShare)
    }
    return AugmentedExample(
      input: input, objects: seen.map(\.box), categories: seen.map(\.category),
      masks: seen.map(\.mask), crowds: crowds.compactMap { placement.visible(placement.place($0)) },
      distilled: distilled, leftOut: leftOut, placement: placement)
  }

  /// The image in the detector's input, by chance mirrored, resized and cut out.
  private func placed(
    _ configuration: TrainingConfiguration, mean: [Float], standardDeviation: [Float],
    using generator: inout SeededGenerator
  ) -> (DetectorInput, InputPlacement) {
    let isMirrored = generator.nextUniform() < configuration.flipProbability
    let image = isMirrored ? self.image.flippedHorizontally() : self.image
    switch configuration.jitter {
    case .none:
      let longSide = configuration.longSides.randomElement(using: &generator)!
      let input = DetectorInput(
        image, longSide: longSide, mean: mean, standardDeviation: standardDeviation)
      let placement = InputPlacement(
        imageWidth: Float(image.width), isMirrored: isMirrored, scaleX: input.scaleX,
        scaleY: input.scaleY, width: input.width, height: input.height)
      return (input, placement)
    case .range:
      let cut = JitteredCut(image, configuration, using: &generator)
      let placement = InputPlacement(
        imageWidth: Float(image.width), isMirrored: isMirrored, scaleX: cut.scaleX,
        scaleY: cut.scaleY, left: cut.window.x0, top: cut.window.y0, width: cut.window.width,
        height: cut.window.height)
      return (cut.input(image, mean: mean, standardDeviation: standardDeviation), placement)
    }
  }
}

/// An example in the pixels of the detector's input.
public struct AugmentedExample: Sendable {
  public let input: DetectorInput
  public let objects: [Box]
  /// One position among the base categories per object.
  public let categories: [Int]
  /// In pixels of the original image, mirrored where the input is.
  private let masks: [Mask?]
  public let crowds: [Box]
  /// Those regions of the original example that are distilled in this step, in its order.
  public let distilled: EmbeddedRegions
  /// How many regions cannot be seen well enough to be distilled.
  public let leftOut: Int
  private let placement: InputPlacement

  init(
    input: DetectorInput, objects: [Box], categories: [Int], masks: [Mask?], crowds: [Box],
    distilled: EmbeddedRegions, leftOut: Int, placement: InputPlacement
  ) {
    self.input = input
    self.objects = objects
    self.categories = categories
    self.masks = masks
    self.crowds = crowds
    self.distilled = distilled
    self.leftOut = leftOut
    self.placement = placement
  }

  /// The mask of an object inside a region, as `Mask.target`; nil for an object without a mask.
  ///
  /// - Parameter region: in pixels of the input, not empty.
  public func maskTarget(of object: Int, in region: Box, side: Int) -> [Float]? {
    masks[object]?.target(in: placement.unplaced(region), size: side)
  }
}
