import Detection
import Regions
import Support

/// A table with a header and a row a detection, by RFC 4180 but for its line ends, which are those of
/// Unix: `image,width,height,category,score,xmin,ymin,xmax,ymax`, boxes by their edges in pixels.
/// Then `parent` where some category of the file has one, and `attribute` where any were asked for. Images
/// without detections have no row.
final class CSVExport: ExportWriter {
  private let file: PartFile

  let render: @Sendable (ExportedImage) throws(InputError) -> ExportPiece

  init(path: String, names given: DetectionFile.Header) throws(InputError) {
    let names = given.categories.map(Self.field)
    let attributes = given.attributes.map(Self.field)
    let parents =
      given.parents.isEmpty ? nil : given.categories.map { Self.field(given.parents[$0] ?? "") }
    file = try PartFile(path: path)
    render = { image in
      let start = "\(Self.field(image.name)),\(image.width),\(image.height)"
      return ExportPiece(
        objects: image.detections.map { found in
          let edges = "\(found.box.x0),\(found.box.y0),\(found.box.x1),\(found.box.y1)"
          let more = [parents?[found.category], found.attribute.map { attributes[$0.index] }]
            .compactMap { $0.map { ",\($0)" } }
          return "\(start),\(names[found.category]),\(found.score),\(edges)\(more.joined())\n"
        })
    }
    let more = (parents == nil ? "" : ",parent") + (attributes.isEmpty ? "" : ",attribute")
    try file.write("image,width,height,category,score,xmin,ymin,xmax,ymax\(more)\n")
  }

  private static func field(_ text: String) -> String {
    let isPlain = text.unicodeScalars.allSatisfy { !",\"\r\n".unicodeScalars.contains($0) }
    return isPlain ? text : "\"\(text.replacing("\"", with: "\"\""))\""
  }

  func append(_ piece: ExportPiece) throws(InputError) {
    try file.write(piece.objects.joined())
  }

  func publish() throws(InputError) { try file.publish() }
}
