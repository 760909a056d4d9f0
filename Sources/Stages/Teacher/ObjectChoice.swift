import Datasets
import Regions
import Support

/// Which annotated objects a teacher is asked to name.
public struct ObjectChoice: Sendable {
  /// The shortest longer side of a box in pixels; nil takes boxes that COCO does not call small, of an
  /// area above 32 x 32 pixels.
  public var longerSide: Double?
  /// The smallest share of an object that nothing hides, for annotations that tell it.
  public var visible: Double

  /// - Parameter visible: 0 takes annotations that do not tell it, too.
  public init(longerSide: Double?, visible: Double) {
    (self.longerSide, self.visible) = (longerSide, visible)
  }

  /// - Throws: `InputError` where visibility is asked for and an annotation does not tell it.
  func check(_ dataset: COCODataset, at path: String) throws(InputError) {
    if visible > 0, let silent = dataset.annotations.first(where: { $0.visible == nil }) {
      throw InputError(
        .badData, "annotation \(silent.id) does not tell how much of it is visible", at: path,
        expected: "the key 'visible', 0 to 1", hint: "leave --min-visible out")
    }
  }

  func takes(_ object: COCODataset.Annotation) -> Bool {
    let (width, height) = (object.bbox[2], object.bbox[3])
    let isLarge = longerSide.map { max(width, height) >= $0 } ?? (width * height > 32 * 32)
    return !object.isCrowd && !object.box.isEmpty && isLarge && (object.visible ?? 1) >= visible
  }

  /// What they are, in words.
  var words: String {
    var words = "annotated boxes"
    if let longerSide {
      if longerSide > 0 { words += " with a longer side of at least \(longerSide) pixels" }
    } else {
      words += " larger than 32x32 pixels"
    }
    return visible > 0 ? "\(words), at least \(visible) of them visible" : words
  }

  /// That an annotation file has none of them.
  func nothing(at path: String) -> InputError {
    InputError(
      .badData, "no object is left to name", at: path, expected: words,
      hint: "choose a smaller --min-side")
  }
}
