public import Regions
public import Support

extension COCODataset {
  /// The mask of one of the annotations, from polygons or run lengths in any of COCO's forms; nil
  /// where the file has none. Polygons of fewer than three corners cover nothing.
  ///
  /// Read and drawn anew at each call; safe to call from several threads.
  /// - Throws: `InputError` that names the file, the path of the value and the value; also for an
  ///   image whose size nobody says, or of more pixels than a mask may have.
  public func mask(of annotation: Annotation) throws(InputError) -> Mask? {
    guard let text, let range = annotation.segmentation,
      let image = image(annotation.imageID)
    else { return nil }
    var cursor = JSONCursor(
      try text[range], file: source,
      at: [.key("annotations"), .index(annotation.index ?? 0), .key("segmentation")],
      passingOver: passedOver)
    return try cursor.readMask(of: image)
  }

  /// Reads every mask once, for errors before long work rather than in the midst of it.
  ///
  /// Complexity: O(bytes of the outlines), one mask in memory.
  /// - Throws: as `mask(of:)`.
  public func validateMasks() throws(InputError) {
    for annotation in annotations { _ = try mask(of: annotation) }
  }
}
