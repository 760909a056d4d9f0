import Detection
import Regions
import Support

/// Pascal VOC's folder: in `Annotations` an XML file an image, whose path mirrors the image's below
/// `JPEGImages`, and `ImageSets/Main/default.txt`, which lists them.
///
/// The form is that of the VOC2012 development kit, "Annotation of objects",
/// http://host.robots.ox.ac.uk/pascal/VOC/voc2012/htmldoc/: whole pixels, counted from 1, of which a box
/// has the first and the last; many readers want them whole. `confidence` is the kit's element for
/// detections, which readers of annotations pass over.
final class VOCExport: ExportWriter {
  private let folder: ExportFolder
  private let list: PartFile

  let render: @Sendable (ExportedImage) throws(InputError) -> ExportPiece

  init(folder: ExportFolder, categories: [String]) throws(InputError) {
    self.folder = folder
    render = { image throws(InputError) in
      ExportPiece(
        image: try Self.text(of: image, categories: categories),
        file: try image.mirrored(ending: "xml"))
    }
    try folder.createFolder("Annotations")
    list = try folder.open("ImageSets/Main/default.txt")
  }

  private static func text(
    of image: ExportedImage, categories: [String]
  ) throws(InputError) -> String {
    let objects = try image.detections.map { detection throws(InputError) in
      let (x, y) = (
        pixels(detection.box.x0, detection.box.x1, of: image.width),
        pixels(detection.box.y0, detection.box.y1, of: image.height)
      )
      return """
          <object>
            <name>\(try XMLText(categories[detection.category]))</name>
            <pose>Unspecified</pose>
            <truncated>0</truncated>
            <difficult>0</difficult>
            <confidence>\(detection.score)</confidence>
            <bndbox>
              <xmin>\(x.first)</xmin>
              <ymin>\(y.first)</ymin>
              <xmax>\(x.last)</xmax>
              <ymax>\(y.last)</ymax>
            </bndbox>
          </object>

        """
    }
    return """
      <annotation>
        <filename>\(try XMLText(image.name))</filename>
        <source>
          <database>detections by vild</database>
        </source>
        <size>
          <width>\(image.width)</width>
          <height>\(image.height)</height>
          <depth>3</depth>
        </size>
        <segmented>0</segmented>
      \(objects.joined())</annotation>

      """
  }

  /// The pixels between two edges, counted from 1: at least one, the edges moved to where pixels meet.
  private static func pixels(
    _ low: Float, _ high: Float, of side: Int
  ) -> (first: Int, last: Int) {
    let first = min(Int(low.rounded()) + 1, side)
    return (first, max(first, Int(high.rounded())))
  }

  func append(_ piece: ExportPiece) throws(InputError) {
    try folder.write(piece.image, to: "Annotations/\(piece.file)")
    try list.write(PathText.bytes(of: PathText.withoutEnding(piece.file)) + [0x0A])
  }

  func publish() throws(InputError) {
    try list.publish()
    try folder.publish()
  }
}
