import Detection
import Foundation
import Regions
import Support

/// COCO's annotations, or LVIS v1's, as a data set of labels: images, objects, categories.
///
/// - COCO: "Data format", "Object Detection", https://cocodataset.org/#format-data. A single object's
///   outline is polygons; run lengths are for crowds, and programs that follow the form read others
///   wrongly. So masks become polygons that give the same mask back (`Mask.polygons`). `score` is an
///   addition of ours that readers pass over; `attributes`, by their names, are CVAT's, as are those of
///   Datumaro. A parent is the supercategory.
/// - LVIS v1: "Data format", https://www.lvisdataset.org/dataset. `coco_url` has the file's name, as
///   programs that look there cut off COCO's address before it. Nothing is said to be known as absent.
final class COCOExport: ExportWriter {
  private let file: PartFile
  /// Images are written when the annotations are, and stand behind them.
  private let images: Spool
  private let categories: [(id: Int, name: String)]
  private let parents: [String: String]
  private let isLVIS: Bool
  private var written = 0
  private var imageCount = 0
  /// By category.
  private var imagesOf, objectsOf: [Int]

  let render: @Sendable (ExportedImage) throws(InputError) -> ExportPiece

  /// - Parameters:
  ///   - ids: of the names' categories, in order.
  init(
    path: String, names: DetectionFile.Header, ids: [Int], isLVIS: Bool
  ) throws(InputError) {
    file = try PartFile(path: path)
    images = try Spool(beside: path)
    (parents, self.isLVIS) = (names.parents, isLVIS)
    categories = zip(ids, names.categories).map { ($0, $1) }
    imagesOf = categories.map { _ in 0 }
    objectsOf = imagesOf
    render = { image in Self.piece(of: image, ids, names.attributes, isLVIS: isLVIS) }
    let info = JSONText.object([
      ("description", .string("detections by vild")), ("version", isLVIS ? .string("v1") : nil),
    ])
    try file.write(#"{"info":\#(info),"licenses":[],"annotations":["#)
  }

  private static func piece(
    of image: ExportedImage, _ ids: [Int], _ attributes: [String], isLVIS: Bool
  ) -> ExportPiece {
    let name = JSONText.string(image.name)
    let text = JSONText.object([
      ("id", .number(image.id)), ("file_name", name), ("width", .number(image.width)),
      ("height", .number(image.height)), ("coco_url", isLVIS ? name : nil),
      ("neg_category_ids", isLVIS ? .array([]) : nil),
      ("not_exhaustive_category_ids", isLVIS ? .array([]) : nil),
    ])
    let objects = image.detections.map { detection -> String in
      let (box, mask) = (detection.box, detection.mask)
      let polygons = mask.map { mask in
        JSONText.array(mask.polygons.map { .array($0.map { .number($0) }) })
      }
      let object = JSONText.object([
        ("image_id", .number(image.id)), ("category_id", .number(ids[detection.category])),
        ("bbox", .array([box.x0, box.y0, box.width, box.height].map { .number($0) })),
        ("area", mask.map { .number($0.area) } ?? .number(box.area)),
        ("iscrowd", isLVIS ? nil : .number(0)), ("score", .number(detection.score)),
        ("segmentation", polygons),
        (
          "attributes",
          detection.attribute.map { .object([("attribute", .string(attributes[$0.index]))]) }
        ),
      ])
      // Behind the object's number, which is known when it is written.
      return String(object.description.dropFirst())
    }
    return ExportPiece(
      image: text.description, objects: objects, categories: image.detections.map(\.category))
  }

  func append(_ piece: ExportPiece) throws(InputError) {
    try images.write((imageCount == 0 ? "\n" : ",\n") + piece.image)
    imageCount += 1
    for object in piece.objects {
      try file.write((written == 0 ? "\n" : ",\n") + "{\"id\":\(written + 1),\(object)")
      written += 1
    }
    for category in piece.categories { objectsOf[category] += 1 }
    for category in Set(piece.categories) { imagesOf[category] += 1 }
  }

  func publish() throws(InputError) {
    try file.write("\n],\"images\":[")
    try images.copy(to: file)
    let lines = categories.indices.map { index in
      let (id, name) = categories[index]
      return JSONText.object([
        ("id", .number(id)), ("name", .string(name)),
        ("supercategory", isLVIS ? nil : .string(parents[name] ?? "")),
        ("synonyms", isLVIS ? .array([.string(name)]) : nil),
        ("image_count", isLVIS ? .number(imagesOf[index]) : nil),
        ("instance_count", isLVIS ? .number(objectsOf[index]) : nil),
        ("frequency", isLVIS ? .string(Self.frequency(imagesOf[index])) : nil),
      ]).description
    }
    try file.write("\n],\"categories\":[\n\(lines.joined(separator: ",\n"))\n]}\n")
    try file.publish()
  }

  /// LVIS's word for so many images.
  private static func frequency(_ images: Int) -> String {
    images <= 10 ? "r" : images <= 100 ? "c" : "f"
  }
}
