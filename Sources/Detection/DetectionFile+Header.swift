import Foundation
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
}

/// A line's value; `place` names the line in errors.
private func decode<Value: Decodable>(
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
