import Detection
import Regions
import Support

/// A table with a header and a row a detection, by RFC 4180 but for its line ends, which are those of
/// Unix: `image,width,height,category,score,xmin,ymin,xmax,ymax`, boxes by their edges in pixels.
/// Images without detections have no row.
final class CSVExport: ExportWriter {
  private let file: PartFile

  let render: @Sendable (ExportedImage) throws(InputError) -> ExportPiece

  init(path: String, categories: [String]) throws(InputError) {
    let names = categories.map(Self.field)
    file = try PartFile(path: path)
    render = { image in
      let start = "\(Self.field(image.name)),\(image.width),\(image.height)"
      return ExportPiece(
        objects: image.detections.map { found in
          let edges = "\(found.box.x0),\(found.box.y0),\(found.box.x1),\(found.box.y1)"
          return "\(start),\(names[found.category]),\(found.score),\(edges)\n"
        })
    }
    try file.write("image,width,height,category,score,xmin,ymin,xmax,ymax\n")
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
