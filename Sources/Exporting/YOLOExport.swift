import Detection
import Regions
import Support

/// Ultralytics' folder: `data.yaml`, and in `labels` a text file an image, empty for one without
/// objects, whose path mirrors the image's below `images`.
///
/// A line is the category's place from 0 and the box's centre and size, or a polygon's corners, as
/// shares of the image's width and height: https://docs.ultralytics.com/datasets/detect/ and
/// https://docs.ultralytics.com/datasets/segment/, as of version 8. `data.yaml` is without `path`: the
/// images are then looked for beside it, and not in the data folder of the user's settings.
final class YOLOExport: ExportWriter {
  private let folder: ExportFolder

  let render: @Sendable (ExportedImage) throws(InputError) -> ExportPiece

  init(
    folder: ExportFolder, categories: [String], isSegmentation: Bool
  ) throws(InputError) {
    self.folder = folder
    render = { image throws(InputError) in
      let lines = try image.detections.map { detection throws(InputError) in
        try isSegmentation
          ? Self.outline(of: detection, in: image) : Self.line(of: detection, in: image)
      }
      return ExportPiece(
        objects: lines.compactMap(\.self),
        file: "labels/\(try image.mirrored(ending: "txt"))")
    }
    try folder.createFolder("labels")
    let names = categories.enumerated().map { "  \($0): \(JSONText.string($1))\n" }.joined()
    let images = DetectionFormat.yolo.imageFolder ?? ""
    try folder.write("train: \(images)\nval: \(images)\nnames:\n\(names)", to: "data.yaml")
  }

  private static func line(of detection: Detection, in image: ExportedImage) -> String {
    let (width, height) = (Double(image.width), Double(image.height))
    let (x0, x1) = (Double(detection.box.x0) / width, Double(detection.box.x1) / width)
    let (y0, y1) = (Double(detection.box.y0) / height, Double(detection.box.y1) / height)
    let numbers = [(x0 + x1) / 2, (y0 + y1) / 2, x1 - x0, y1 - y0].map { "\(Float($0))" }
    return "\(detection.category) \(numbers.joined(separator: " "))\n"
  }

  /// Nil for a mask without a pixel.
  private static func outline(
    of detection: Detection, in image: ExportedImage
  ) throws(InputError) -> String? {
    guard let mask = detection.mask else {
      throw InputError(
        .badData, "these detections have boxes without masks", at: image.name,
        expected: "detections of a student with a mask head, for yolo-seg",
        hint: "export them as yolo, or train with student.masks")
    }
    let outline = mask.joinedOutline
    guard !outline.isEmpty else { return nil }
    let numbers = outline.enumerated().map { index, value in
      "\(Float(Double(value) / Double(index % 2 == 0 ? image.width : image.height)))"
    }
    return "\(detection.category) \(numbers.joined(separator: " "))\n"
  }

  func append(_ piece: ExportPiece) throws(InputError) {
    try folder.write(piece.objects.joined(), to: piece.file)
  }

  func publish() throws(InputError) { try folder.publish() }
}
