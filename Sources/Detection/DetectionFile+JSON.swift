import Datasets
import Foundation
import Regions
import Support

extension DetectionFile {
  private static let failed = "failed: "

  /// What stands between a line's head and its detections. No string holds it: there, a quotation mark
  /// has a backslash before it.
  private static let detections = Data(#","detections":["#.utf8)

  /// What a line says of its image, without looking at the detections.
  ///
  /// - Parameters:
  ///   - line: without its checksum.
  ///   - number: of the line in the file, from 1.
  ///   - offset: where it starts in the file.
  ///   - length: its bytes there, with its end.
  static func entry(
    of line: Data, _ number: Int, of path: String, at offset: Int, length: Int
  ) throws(InputError) -> Entry {
    let head = line.range(of: detections).map { line[..<$0.lowerBound] + Data("}".utf8) } ?? line
    let fields = try Fields(head, number, of: path, names: nil)
    guard line.range(of: id(fields.id)) != nil else {
      throw InputError(
        .badData, "malformed line", at: "\(path) line \(number)",
        expected: "members in the order of this program")
    }
    return Entry(
      image: fields.image, id: fields.id, content: fields.content,
      failure: fields.status == "ok" ? nil : reason(of: fields.status) ?? fields.status,
      offset: offset, length: length)
  }

  /// The member of a line that has its id, with the quotation mark that ends the image's name, which
  /// no string holds either.
  fileprivate static func id(_ id: Int) -> Data { Data("\",\"id\":\(id),".utf8) }

  /// Why an image failed, by its status; nil of one that says something else.
  private static func reason(of status: String) -> String? {
    // Byte by byte: a reason may begin with an accent, which would join the prefix's last character.
    guard status.utf8.starts(with: failed.utf8) else { return nil }
    return String(decoding: status.utf8.dropFirst(failed.utf8.count), as: UTF8.self)
  }

  /// What a line holds.
  private struct Fields {
    let image: String
    let id: Int
    let content: String?
    let width: Int?
    let height: Int?
    let status: String
    let note: String?
    let detections: [Detection]?
    /// To say what is wrong with them.
    let cursor: JSONCursor

    /// - Parameter names: where the header's names are; nil for a line without detections.
    init(
      _ line: Data, _ number: Int, of path: String, names: Positions?
    ) throws(InputError) {
      var cursor = JSONCursor([UInt8](line), line: number, of: path)
      var image, content, status, note: String?
      var id, width, height: Int?
      var detections: [Detection]?
      try cursor.readObject { cursor, key throws(InputError) in
        switch key {
        case "image": image = try cursor.readString()
        case "id": id = try cursor.readInt()
        case "sha256": content = try cursor.readText()
        case "width": width = try cursor.readPixels()
        case "height": height = try cursor.readPixels()
        case "status": status = try cursor.readString()
        case "note": note = try cursor.readText()
        case "detections":
          guard let names else { return try cursor.skipValue() }
          let size = (width: width ?? 0, height: height ?? 0)
          detections = try cursor.readArray { (cursor) throws(InputError) in
            try cursor.readDetection(names, in: size)
          }
        default: try cursor.skipValue()
        }
      }
      try cursor.expectEnd()
      self.image = try cursor.require(image, "image")
      self.id = try cursor.require(id, "id")
      self.status = try cursor.require(status, "status")
      (self.content, self.width, self.height) = (content, width, height)
      (self.note, self.detections, self.cursor) = (note, detections, cursor)
    }
  }
}

extension JSONCursor {
  fileprivate mutating func readText() throws(InputError) -> String? {
    try readUnlessNull { (cursor) throws(InputError) in try cursor.readString() }
  }

  fileprivate mutating func readPixels() throws(InputError) -> Int? {
    try readUnlessNull { (cursor) throws(InputError) in try cursor.readInt() }
  }
}

extension DetectionFile.Entry {
  /// Its line under another id, with its end.
  ///
  /// - Parameter line: as it stands in the file, with its end.
  /// - Throws: `InputError` for a line that is not what was written.
  func line(_ line: Data, as id: Int, at path: String) throws(InputError) -> Data {
    let content = try SealedJSON.opened(line.dropLast(), at: "\(path): image \(image)")
    guard let member = content.range(of: DetectionFile.id(self.id)) else {
      preconditionFailure("an entry is of its line")
    }
    let renumbered =
      content[..<member.lowerBound] + DetectionFile.id(id) + content[member.upperBound...]
    return Data((SealedJSON.sealed(String(decoding: renumbered, as: UTF8.self)) + "\n").utf8)
  }
}

extension DetectionFile.Row {
  /// The image's line, with its end; numbers are the shortest that read back the same.
  func line(names: DetectionFile.Names) -> [UInt8] {
    var size: (width: JSONText, height: JSONText) = (.null, .null)
    var status = "ok"
    var found: [Detection] = []
    switch outcome {
    case .detected(let detections, let width, let height):
      size = (.number(width), .number(height))
      found = detections
      precondition(
        found.allSatisfy { $0.mask.map { $0.width == width && $0.height == height } ?? true },
        "a mask is of the image's size")
    case .failed(let reason): status = DetectionFile.failed + reason
    }
    let head = JSONText.object([
      ("image", .string(image)), ("id", .number(id)),
      ("sha256", content.map(JSONText.string) ?? .null), ("width", size.width),
      ("height", size.height), ("status", .string(status)), ("note", note.map(JSONText.string)),
    ])
    var line = JSONBytes(head)
    line.removeLast()
    line.add(",\"detections\":[")
    line.reserve(200 * found.count)
    // A box is often several things, and its numbers take longest.
    var boxes: [Box: Range<Int>] = [:]
    for (index, detection) in found.enumerated() {
      if index > 0 { line.add(",") }
      detection.write(to: &line, names, &boxes)
    }
    line.add("]}")
    line.seal()
    return line.bytes
  }

  /// - Parameters:
  ///   - line: without its checksum.
  ///   - number: of the line in the file, from 1.
  ///   - names: where the header's names are.
  init(
    line: Data, _ number: Int, of path: String, names: DetectionFile.Positions
  ) throws(InputError) {
    let fields = try DetectionFile.Fields(line, number, of: path, names: names)
    let detections = try fields.cursor.require(fields.detections, "detections")
    if let reason = DetectionFile.reason(of: fields.status) {
      guard detections.isEmpty else {
        throw fields.cursor.fault("detections of an image that failed", member: "detections")
      }
      self.init(
        image: fields.image, id: fields.id, content: fields.content,
        outcome: .failed(reason: reason))
      return
    }
    guard fields.status == "ok" else {
      throw fields.cursor.fault(
        "neither 'ok' nor 'failed: reason'", member: "status", got: "'\(fields.status)'")
    }
    guard let width = fields.width, let height = fields.height, width > 0, height > 0 else {
      throw fields.cursor.fault("an image without pixels", member: "width, height")
    }
    self.init(
      image: fields.image, id: fields.id, content: fields.content,
      outcome: .detected(detections, width: width, height: height), note: fields.note)
  }
}
