import Detection
import Regions
import Support

/// "CVAT for images 1.1": one XML file, https://docs.cvat.ai/docs/other/xml_format, version 1.1.
///
/// An object with a mask is a `mask`, whose run lengths count the pixels of its rectangle row by row,
/// those outside first; any other is a `box`. Its probability is the attribute `score`, and what was asked
/// beside categories `attribute`, one of a list; a task has both whose labels are made of the file's. CVAT
/// finds images by their names.
final class CVATExport: ExportWriter {
  private let file: PartFile
  private var images = 0

  let render: @Sendable (ExportedImage) throws(InputError) -> ExportPiece

  init(path: String, names: DetectionFile.Header) throws(InputError) {
    func texts(_ names: [String]) throws(InputError) -> [String] {
      try names.map { name throws(InputError) in try XMLText(name).description }
    }
    let (labels, attributes) = (try texts(names.categories), try texts(names.attributes))
    file = try PartFile(path: path)
    render = { image throws(InputError) in
      ExportPiece(
        image:
          #"name="\#(try XMLText(image.name))" width="\#(image.width)" height="\#(image.height)""#,
        objects: image.detections.compactMap { Self.object($0, labels, attributes) })
    }
    try file.write(
      """
      <?xml version="1.0" encoding="utf-8"?>
      <annotations>
        <version>1.1</version>
        <meta>
          <task>
            <name>detections by vild</name>
            <mode>annotation</mode>
            <labels>

      """)
    if let odd = names.attributes.first(where: { $0.contains(where: \.isNewline) }) {
      throw InputError(
        .badData, "an attribute of several lines has no place in CVAT's lists", at: path,
        got: "'\(odd)'", hint: "export as coco or csv")
    }
    let asked = attributes.isEmpty ? "" : Self.attribute("attribute", "select", of: attributes)
    for label in labels {
      try file.write(
        """
                <label>
                  <name>\(label)</name>
                  <type>any</type>
                  <attributes>
        \(Self.attribute("score", "text"))\(asked)          </attributes>
                </label>

        """)
    }
    try file.write(
      """
            </labels>
          </task>
        </meta>

      """)
  }

  /// What a label's objects have beside it.
  private static func attribute(
    _ name: String, _ input: String, of values: [String] = []
  ) -> String {
    """
                <attribute>
                  <name>\(name)</name>
                  <mutable>False</mutable>
                  <input_type>\(input)</input_type>
                  <default_value>\(values.first ?? "")</default_value>
                  <values>\(values.joined(separator: "\n"))</values>
                </attribute>

    """
  }

  /// Nil for a mask without a pixel.
  private static func object(
    _ detection: Detection, _ labels: [String], _ attributes: [String]
  ) -> String? {
    let common = #"label="\#(labels[detection.category])" source="auto" occluded="0""#
    let values =
      #"<attribute name="score">\#(detection.score)</attribute>"#
      + (detection.attribute.map {
        #"<attribute name="attribute">\#(attributes[$0.index])</attribute>"#
      } ?? "")
    guard let mask = detection.mask else {
      let box = detection.box
      return """
            <box \(common) xtl="\(box.x0)" ytl="\(box.y0)" xbr="\(box.x1)" ybr="\(box.y1)" \
        z_order="0">\(values)</box>

        """
    }
    guard let bounds = mask.bounds else { return nil }
    let runs = mask.rowRuns(in: bounds).map(String.init).joined(separator: ", ")
    return """
          <mask \(common) rle="\(runs)" left="\(bounds.x0)" top="\(bounds.y0)" \
      width="\(bounds.width)" height="\(bounds.height)" z_order="0">\(values)</mask>

      """
  }

  func append(_ piece: ExportPiece) throws(InputError) {
    try file.write("  <image id=\"\(images)\" \(piece.image)>\n")
    try file.write("\(piece.objects.joined())  </image>\n")
    images += 1
  }

  func publish() throws(InputError) {
    try file.write("</annotations>\n")
    try file.publish()
  }
}

extension Mask {
  /// Lengths of the runs of pixels outside and inside in turn, the first of those outside, row by row.
  fileprivate func rowRuns(in rect: PixelRect) -> [Int] {
    var pixels = [Bool](repeating: false, count: rect.width * rect.height)
    for (x, rows) in columns {
      for y in rows { pixels[(y - rect.y0) * rect.width + x - rect.x0] = true }
    }
    var runs = [0]
    for (index, isInside) in pixels.enumerated() {
      if isInside != (index == 0 ? false : pixels[index - 1]) { runs.append(0) }
      runs[runs.count - 1] += 1
    }
    return runs
  }
}
