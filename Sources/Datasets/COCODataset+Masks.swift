public import Regions
public import Support

extension COCODataset {
  /// The mask of one of the annotations, from polygons or run lengths in any of COCO's forms; nil
  /// where the file has none. Polygons of fewer than three corners cover nothing.
  ///
  /// Read and drawn anew at each call; safe to call from several threads.
  /// - Throws: `InputError` that names the file, the path of the value and the value.
  public func mask(of annotation: Annotation) throws(InputError) -> Mask? {
    guard let text, let range = annotation.segmentation,
      let image = image(annotation.imageID)
    else { return nil }
    let bytes = try text[range]
    // Where the annotation stands is only wanted where something is wrong.
    do throws(InputError) {
      var cursor = JSONCursor(bytes, file: source, at: [.key("segmentation")])
      return try cursor.readMask(of: image)
    } catch {
      let position = annotations.firstIndex { $0.id == annotation.id } ?? 0
      var cursor = JSONCursor(
        bytes, file: source, at: [.key("annotations"), .index(position), .key("segmentation")])
      return try cursor.readMask(of: image)
    }
  }

  /// Reads every mask once, for errors before long work rather than in the midst of it.
  ///
  /// Complexity: O(bytes of the outlines), one mask in memory.
  /// - Throws: as `mask(of:)`.
  public func validateMasks() throws(InputError) {
    for annotation in annotations { _ = try mask(of: annotation) }
  }
}
