import Datasets
import Regions
import Support

extension AnnotatedImages {
  /// The image's size in pixels as annotated; nil where the annotations do not tell.
  static func size(of image: COCODataset.Image) -> (width: Int, height: Int)? {
    image.hasSize ? (image.width, image.height) : nil
  }

  /// The same of the image with this id.
  func size(of id: Int) -> (width: Int, height: Int)? { dataset.image(id).flatMap(Self.size) }

  /// Whether something can be learnt from a box: it is not empty, and some of it is inside its image.
  func isUsable(_ annotation: COCODataset.Annotation) -> Bool {
    guard !annotation.box.isEmpty else { return false }
    guard let size = size(of: annotation.imageID) else { return true }
    let box = annotation.box
    return box.x1 > 0 && box.y1 > 0 && box.x0 < Float(size.width) && box.y0 < Float(size.height)
  }

  /// What is wrong with the boxes that training would learn from, in words; nil where nothing is.
  ///
  /// - Throws: `InputError` where that is more than a few (`AnnotatedFit.allowed`).
  func boxNote() throws(InputError) -> String? {
    // Counted and not kept: there are millions.
    var (all, unusable) = (0, 0)
    var firstUnusable: COCODataset.Annotation?
    for box in dataset.annotations where isBase(box) && box.isLearned {
      all += 1
      if isUsable(box) { continue }
      unusable += 1
      firstUnusable = firstUnusable ?? box
    }
    guard let first = firstUnusable else { return nil }
    let boxes = all.counted("box is", "boxes are")
    let image = dataset.image(first.imageID)
    let place = "annotation \(first.id), \(first.bbox) in \(image?.fileName ?? "")"
    guard unusable <= AnnotatedFit.allowed(of: all) else {
      throw InputError(
        .badData,
        "\(unusable) of \(boxes) empty or outside their image",
        at: annotationFile, expected: "left, top, width, height in pixels of the image",
        got: place, hint: "are they corners, or shares of the image's size?")
    }
    return
      "\(unusable) of \(boxes) empty or outside their image and are left out of training, the first "
      + "of them \(place)"
  }
}
