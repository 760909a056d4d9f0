import Foundation
import Pipeline
import TestSupport
import Testing

/// `schemas/pipeline.schema.json` is kept by hand; it must say what the reader does.
struct PipelineFileSchemaTests {
  @Test func theSchemaAllowsWhatTheReaderAllows() throws {
    let schema = try Schema.shipped()
    let differences = schema.root.differences(from: JSON(PipelineFile.shape), at: "")
    #expect(differences == [])
  }

  @Test func theSchemasDefaultsAreTheReaders() throws {
    var filled = try #require(Schema.shipped().root.defaults?.object)
    filled["name"] = .string("short")
    filled["data"] = .object([
      "train": .object(["images": .string("train"), "annotations": .string("train.json")]),
      "val": .object(["images": .string("val"), "annotations": .string("val.json")]),
      "split": .string("split.json"),
    ])
    filled["teacher"]!["family"] = .string("conse")
    filled["teacher"]!["folder"] = .string("teacher")
    // The student's own stands in for it as a whole.
    filled["proposals"]!["network"] = nil
    // JSON is YAML too.
    let text = try String(decoding: JSONEncoder().encode(filled), as: UTF8.self)
    #expect(
      try PipelineFile.parse(text, path: "filled")
        == PipelineFile.parse(shortestPipeline, path: "short"))
  }

  @Test func everyKeyIsDescribed() throws {
    #expect(try Schema.shipped().root.undescribed(at: "") == [])
  }

  @Test func everyPropertyHasItsKey() throws {
    let pipeline = try PipelineFile.parse(shortestPipeline, path: "p.yaml")
    expectKeys(of: PipelineFile.shape, matchPropertiesOf: pipeline, at: "")
  }

  /// The keys are the properties in snake case, in the same order.
  private func expectKeys(of shape: PipelineShape, matchPropertiesOf value: Any, at path: String) {
    guard case .section(let keys) = shape else { return }
    // A section that may be left out has no properties then.
    let mirror = Mirror(reflecting: value)
    if mirror.displayStyle == .optional && mirror.children.isEmpty { return }
    let properties = Array(Mirror(reflecting: value).children)
    let names = properties.map { property in
      property.label!.map { $0.isUppercase ? "_\($0.lowercased())" : "\($0)" }.joined()
    }
    #expect(keys.map(\.name) == names, "\(path)")
    for (key, property) in zip(keys, properties) {
      expectKeys(of: key.shape, matchPropertiesOf: property.value, at: "\(path).\(key.name)")
    }
  }
}

/// A JSON Schema file, references resolved.
struct Schema {
  let root: JSON

  static func shipped() throws -> Schema {
    let path = fixture("../../schemas/pipeline.schema.json")
    let file = try JSONDecoder().decode(
      JSON.self, from: Data(contentsOf: URL(filePath: path)))
    return Schema(root: file.resolved(in: file["$defs"]?.object ?? [:]))
  }
}

/// A JSON value; numbers are double precision.
enum JSON: Codable, Equatable {
  case object([String: JSON])
  case array([JSON])
  case string(String)
  case number(Double)
  case boolean(Bool)

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let value = try? container.decode(Bool.self) {
      self = .boolean(value)
    } else if let value = try? container.decode(Double.self) {
      self = .number(value)
    } else if let value = try? container.decode(String.self) {
      self = .string(value)
    } else if let value = try? container.decode([JSON].self) {
      self = .array(value)
    } else {
      self = .object(try container.decode([String: JSON].self))
    }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .object(let value): try container.encode(value)
    case .array(let value): try container.encode(value)
    case .string(let value): try container.encode(value)
    case .number(let value): try container.encode(value)
    case .boolean(let value): try container.encode(value)
    }
  }

  var object: [String: JSON]? { if case .object(let value) = self { value } else { nil } }

  subscript(key: String) -> JSON? {
    get { object?[key] }
    set {
      var copy = object ?? [:]
      copy[key] = newValue
      self = .object(copy)
    }
  }

  /// The schema that says the same as `shape`, without words and defaults; a defaulted value is
  /// marked by `"default": true`.
  init(_ shape: PipelineShape) {
    switch shape {
    case .section(let keys):
      var properties = [String: JSON]()
      for key in keys {
        properties[key.name] = JSON(key.shape)
        let isSection = if case .section = key.shape { true } else { false }
        if key.presence == .defaulted && !isSection {
          properties[key.name]!["default"] = .boolean(true)
        }
      }
      self = .object([
        "type": .string("object"), "additionalProperties": .boolean(false),
        "properties": .object(properties),
      ])
      let required = keys.filter { $0.presence == .required }.map { JSON.string($0.name) }
      if !required.isEmpty { self["required"] = .array(required) }
    case .list(let item, let count):
      self = .object(["type": .string("array"), "items": JSON(item)])
      if count > 0 { self["minItems"] = .number(Double(count)) }
    case .mapping(let item):
      self = .object(["type": .string("object"), "additionalProperties": JSON(item)])
    case .integer(let range):
      self = .object([
        "type": .string("integer"), "minimum": .number(Double(range.lowerBound)),
        "maximum": .number(Double(range.upperBound)),
      ])
    case .number(let limits):
      self = .object([
        "type": .string("number"),
        limits.includesLower ? "minimum" : "exclusiveMinimum": .number(limits.lower),
        limits.includesUpper ? "maximum" : "exclusiveMaximum": .number(limits.upper),
      ])
    case .text(let pattern, _):
      self = .object(["type": .string("string"), "pattern": .string("^\(pattern)$")])
    case .flag: self = .object(["type": .string("boolean")])
    case .choice(let words):
      self = .object(["enum": .array(words.map(JSON.string))])
    }
  }

  /// The same with every `$ref` replaced by what it names.
  func resolved(in definitions: [String: JSON]) -> JSON {
    switch self {
    case .object(var object):
      if case .string(let name)? = object.removeValue(forKey: "$ref") {
        let target = definitions[name.replacing("#/$defs/", with: "")]!
        object.merge(target.object!) { own, _ in own }
      }
      object["$defs"] = nil
      return .object(object.mapValues { $0.resolved(in: definitions) })
    case .array(let items): return .array(items.map { $0.resolved(in: definitions) })
    default: return self
    }
  }

  /// Where this schema differs from the one `other`, which is made from a shape.
  func differences(from other: JSON, at path: String) -> [String] {
    guard var mine = object, let theirs = other.object else {
      return self == other ? [] : ["\(path): \(self), not \(other)"]
    }
    for words in ["title", "description", "$schema", "dependentRequired", "oneOf"]
    where !path.hasSuffix("/properties") {
      mine[words] = nil
    }
    return Set(mine.keys).union(theirs.keys).sorted().flatMap { key -> [String] in
      guard let a = mine[key], let b = theirs[key] else {
        return ["\(path)/\(key): only in the \(mine[key] == nil ? "reader" : "schema")"]
      }
      if key == "default" && !path.hasSuffix("/properties") { return [] }
      return a.differences(from: b, at: "\(path)/\(key)")
    }
  }

  /// The tree of this schema's defaults.
  var defaults: JSON? {
    if let value = self["default"] { return value }
    guard let properties = self["properties"]?.object else { return nil }
    return .object(properties.compactMapValues(\.defaults))
  }

  /// The keys that have no description.
  func undescribed(at path: String) -> [String] {
    (self["properties"]?.object ?? [:]).flatMap { name, schema in
      (schema["description"] == nil ? ["\(path).\(name)"] : [])
        + schema.undescribed(at: "\(path).\(name)")
    }
  }
}
