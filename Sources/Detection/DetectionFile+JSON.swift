import Foundation
import Regions
import Support

extension DetectionFile.Header {
  /// The first line, with its end.
  var line: String {
    let line = JSONText.object([
      ("format", .string(DetectionFile.format)), ("version", .number(DetectionFile.version)),
      ("fingerprint", .string(fingerprint)),
      ("categories", .array(categories.map(JSONText.string))),
      (
        "parents",
        parents.isEmpty
          ? nil : .object(categories.map { name in (name, parents[name].map(JSONText.string)) })
      ),
      ("attributes", attributes.isEmpty ? nil : .array(attributes.map(JSONText.string))),
    ])
    return SealedJSON.sealed(line) + "\n"
  }

  init(line: Data, path: String) throws(InputError) {
    struct Fields: Decodable {
      var fingerprint: String
      var categories: [String]
      var parents: [String: String]?
      var attributes: [String]?
    }
    struct Version: Decodable { var version: Int }
    let place = "\(path) line 1"
    // Whatever does not even say so is no detections file; only then are the other keys looked at.
    struct Format: Decodable { var format: String }
    guard let format = try? JSONDecoder().decode(Format.self, from: line).format,
      format == DetectionFile.format
    else { throw DetectionFile.foreign(path) }
    let version = try decode(Version.self, from: line, at: place).version
    guard version == DetectionFile.version else {
      throw InputError(
        .badData, "another version of the format", at: place,
        expected: "\(DetectionFile.version)", got: "\(version)",
        hint: "remove the file and detect again")
    }
    let content = try SealedJSON.opened(
      line, at: place, hint: "remove the file and detect again")
    let fields = try decode(Fields.self, from: content, at: place)
    let (parents, attributes) = (fields.parents ?? [:], fields.attributes ?? [])
    guard Set(fields.categories).count == fields.categories.count else {
      throw InputError(.badData, "a category is given twice", at: place)
    }
    guard Set(parents.keys).isSubset(of: fields.categories) else {
      throw InputError(.badData, "a parent of no category", at: place)
    }
    guard Set(attributes).count == attributes.count else {
      throw InputError(.badData, "an attribute is given twice", at: place)
    }
    self.init(
      fingerprint: fields.fingerprint, categories: fields.categories, parents: parents,
      attributes: attributes)
  }
}

extension DetectionFile {
  static func foreign(_ path: String) -> InputError {
    InputError(
      .badData, "not a detections file", at: path,
      expected: "a first line with format '\(format)'", hint: "give another path")
  }

  /// What a line holds, before it is checked.
  private struct Fields: Decodable {
    var image: String
    var id: Int
    var sha256: String?
    var width: Int?
    var height: Int?
    var status: String
    var note: String?
    var detections: [Found]
  }

  private static let failed = "failed: "

  /// What stands between a line's head and its detections. No string holds it: there, a quotation mark
  /// has a backslash before it.
  private static let detections = Data(#","detections":["#.utf8)

  /// What a line says of its image, without looking at the detections.
  ///
  /// - Parameters:
  ///   - line: without its checksum.
  ///   - offset: where it starts in the file.
  ///   - length: its bytes there, with its end.
  static func entry(
    of line: Data, at offset: Int, length: Int, place: String
  ) throws(InputError) -> Entry {
    struct Head: Decodable {
      var image: String
      var id: Int
      var sha256: String?
      var status: String
    }
    let head = line.range(of: detections).map { line[..<$0.lowerBound] + Data("}".utf8) } ?? line
    let fields = try decode(Head.self, from: head, at: place)
    guard line.range(of: id(fields.id)) != nil else {
      throw InputError(
        .badData, "malformed line", at: place, expected: "members in the order of this program")
    }
    return Entry(
      image: fields.image, id: fields.id, content: fields.sha256,
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
  ///   - names: where the header's names are.
  ///   - place: the line to name in errors.
  init(line: Data, names: DetectionFile.Positions, place: String) throws(InputError) {
    let fields = try decode(DetectionFile.Fields.self, from: line, at: place)
    func bad(_ what: String, _ member: String, got: String? = nil) -> InputError {
      InputError(.badData, what, at: "\(place): \(member)", got: got)
    }
    if let reason = DetectionFile.reason(of: fields.status) {
      guard fields.detections.isEmpty else {
        throw bad("detections of an image that failed", "detections")
      }
      self.init(
        image: fields.image, id: fields.id, content: fields.sha256,
        outcome: .failed(reason: reason))
      return
    }
    guard fields.status == "ok" else {
      throw bad("neither 'ok' nor 'failed: reason'", "status", got: "'\(fields.status)'")
    }
    guard let width = fields.width, let height = fields.height, width > 0, height > 0 else {
      throw bad("an image without pixels", "width, height")
    }
    var detections: [Detection] = []
    detections.reserveCapacity(fields.detections.count)
    for (index, found) in fields.detections.enumerated() {
      detections.append(
        try Detection(found, names, in: (width, height)) { what, member, got in
          bad(what, "detections[\(index)].\(member)", got: got)
        })
    }
    self.init(
      image: fields.image, id: fields.id, content: fields.sha256,
      outcome: .detected(detections, width: width, height: height), note: fields.note)
  }
}

/// A line's value; `place` names the line in errors.
func decode<Value: Decodable>(
  _ type: Value.Type, from line: Data, at place: String
) throws(InputError) -> Value {
  do {
    return try JSONDecoder().decode(type, from: line)
  } catch let error as DecodingError {
    throw InputError(.badData, "malformed line", at: place, got: error.reason)
  } catch {
    throw InputError(.badData, "malformed line", at: place, got: "\(error)")
  }
}
