import Detection
import Foundation
import Regions
import Support

/// Label Studio's tasks with predictions: a JSON list, and beside it `<name>.config.xml`, the labelling
/// configuration that its words `label` and `image` are of.
///
/// The form, which has no version, is that of https://labelstud.io/guide/predictions: boxes are
/// `rectanglelabels` in percent of the image's sides; a box's attribute is the choice of the same region in
/// `attribute`. Masks are left out. Pictures turned by EXIF are shown upright, as they were detected.
final class LabelStudioExport: ExportWriter {
  private let file: PartFile
  private let configuration: PartFile
  private let names: DetectionFile.Header
  private var isEmpty = true

  let render: @Sendable (ExportedImage) throws(InputError) -> ExportPiece

  /// Finds images below the folder that the server's LOCAL_FILES_DOCUMENT_ROOT names.
  static let prefix = "/data/local-files/?d="

  /// - Parameter prefix: what stands before an image's name in its address.
  init(path: String, names: DetectionFile.Header, prefix: String) throws(InputError) {
    file = try PartFile(path: path)
    configuration = try PartFile(path: "\(PathText.withoutEnding(path)).config.xml")
    self.names = names
    render = { image in ExportPiece(image: Self.task(image, names, prefix: prefix)) }
    try file.write("[")
  }

  private static func task(
    _ image: ExportedImage, _ names: DetectionFile.Header, prefix: String
  ) -> String {
    let found = image.detections
    let mean = found.reduce(0) { $0 + Double($1.score) } / Double(found.count)
    let result = found.enumerated().flatMap { index, detection in
      func part(_ type: String, _ tag: String, _ name: String, score: Float) -> JSONText {
        .object([
          ("id", .string("\(index + 1)")), ("type", .string(type)), ("from_name", .string(tag)),
          ("to_name", .string("image")), ("original_width", .number(image.width)),
          ("original_height", .number(image.height)), ("image_rotation", .number(0)),
          ("score", .number(score)), ("value", value(detection, type, name, in: image)),
        ])
      }
      let label = names.categories[detection.category]
      return [part("rectanglelabels", "label", label, score: detection.score)]
        + [detection.attribute].compactMap(\.self).map {
          part("choices", "attribute", names.attributes[$0.index], score: $0.probability)
        }
    }
    return JSONText.object([
      ("data", .object([("image", .string(prefix + address(of: image.name)))])),
      (
        "predictions",
        .array([
          .object([
            ("model_version", .string("vild")),
            ("score", found.isEmpty ? nil : .number(Float(mean))), ("result", .array(result)),
          ])
        ])
      ),
    ]).description
  }

  private static func value(
    _ detection: Detection, _ type: String, _ name: String, in image: ExportedImage
  ) -> JSONText {
    let (width, height) = (Double(image.width) / 100, Double(image.height) / 100)
    let box = detection.box
    return .object([
      ("x", .number(Float(Double(box.x0) / width))),
      ("y", .number(Float(Double(box.y0) / height))),
      ("width", .number(Float((Double(box.x1) - Double(box.x0)) / width))),
      ("height", .number(Float((Double(box.y1) - Double(box.y0)) / height))),
      ("rotation", .number(0)), (type, .array([.string(name)])),
    ])
  }

  /// The name's bytes as an address has them (RFC 3986, 2.3), slashes as they are.
  private static func address(of name: String) -> String {
    PathText.bytes(of: name).map { byte in
      let scalar = Unicode.Scalar(byte)
      let isPlain =
        scalar.isASCII
        && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
          || "-._~/".unicodeScalars.contains(scalar))
      return isPlain ? String(Character(scalar)) : String(format: "%%%02X", byte)
    }.joined()
  }

  func append(_ piece: ExportPiece) throws(InputError) {
    try file.write((isEmpty ? "\n" : ",\n") + piece.image)
    isEmpty = false
  }

  func publish() throws(InputError) {
    try file.write("\n]\n")
    try configuration.write(
      "<View>\n  <Image name=\"image\" value=\"$image\"/>\n"
        + "  <RectangleLabels name=\"label\" toName=\"image\">\n")
    for name in names.categories {
      try configuration.write("    <Label value=\"\(try XMLText(name))\"/>\n")
    }
    try configuration.write("  </RectangleLabels>\n")
    if !names.attributes.isEmpty {
      try configuration.write(
        "  <Choices name=\"attribute\" toName=\"image\" perRegion=\"true\">\n")
      for name in names.attributes {
        try configuration.write("    <Choice value=\"\(try XMLText(name))\"/>\n")
      }
      try configuration.write("  </Choices>\n")
    }
    try configuration.write("</View>\n")
    try configuration.publish()
    try file.publish()
  }
}
