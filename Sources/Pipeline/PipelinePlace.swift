import Support
import Yams

/// A place of a pipeline file, and the messages about what is wrong there.
struct PipelinePlace: Sendable {
  let file: String
  /// The full name, such as `student.network.detector`; empty for the whole file.
  var key = ""
  var line: Int?

  init(file: String) { self.file = file }

  /// The file and the line.
  var description: String { line.map { "\(file):\($0)" } ?? file }

  func at(line: Int?) -> PipelinePlace {
    var place = self
    place.line = line
    return place
  }

  func key(_ name: String, line: Int?) -> PipelinePlace {
    var place = at(line: line)
    place.key = key.isEmpty ? name : "\(key).\(name)"
    return place
  }

  func item(_ index: Int, line: Int?) -> PipelinePlace {
    var place = at(line: line ?? self.line)
    place.key = "\(key)[\(index)]"
    return place
  }

  /// What stands here is not what may stand here.
  func wrong(_ node: Node, expected shape: PipelineShape) -> InputError {
    wrong(
      expected: shape.description, got: Self.words(for: node), hint: Self.hint(node, for: shape))
  }

  func wrong(expected: String, got: String, hint: String? = nil) -> InputError {
    InputError(
      .configuration, key.isEmpty ? "not a pipeline" : "wrong value for '\(key)'",
      at: description, expected: expected, got: got, hint: hint)
  }

  /// A key without a value.
  func nothing(expected shape: PipelineShape, presence: PipelineShape.Presence) -> InputError {
    let hint: String? =
      switch presence {
      case .required: nil
      case .optional: "leave the key out to go without it"
      case .defaulted: "leave the key out to use its default"
      }
    return InputError(
      .configuration, "'\(key)' has no value", at: description, expected: shape.description,
      hint: hint)
  }

  var anchorError: InputError {
    InputError(
      .configuration, "anchors (&) and aliases (*) are not understood", at: description,
      hint: "write the values out")
  }

  /// - Throws: `InputError` for the parts of YAML that a pipeline file does without: anchors,
  ///   merge keys, tags.
  func refuseSpecials(_ node: Node, isKey: Bool = false) throws(InputError) {
    if node.anchor != nil { throw at(line: node.mark?.line ?? line).anchorError }
    let (tag, isQuoted) =
      switch node {
      case .scalar(let scalar): (scalar.tag.rawValue, scalar.style != .plain)
      case .mapping(let mapping): (mapping.tag.rawValue, false)
      case .sequence(let sequence): (sequence.tag.rawValue, false)
      case .alias(let alias): (alias.tag.rawValue, false)
      }
    if isKey, tag == Tag.Name.merge.rawValue {
      throw InputError(
        .configuration, "merge keys (<<) are not understood", at: description,
        hint: "write the keys out")
    }
    // The YAML parser itself gives a tag to quoted texts, and to keys when it compares them.
    let isParsers =
      tag == Tag.Name.implicit.rawValue || isQuoted && tag == Tag.Name.str.rawValue
      || isKey && tag.hasPrefix("tag:yaml.org,2002:")
    if !isParsers {
      throw InputError(
        .configuration, "tags are not understood", at: description,
        got: Self.shortened(tag.replacing("tag:yaml.org,2002:", with: "!!")))
    }
  }

  /// What `node` is, as the completion of "got".
  static func words(for node: Node) -> String {
    guard case .scalar(let scalar) = node else {
      if case .sequence(let sequence) = node {
        return sequence.isEmpty ? "an empty list" : "a list"
      }
      return "a section"
    }
    if node.isNull { return "nothing" }
    let text = shortened(scalar.string)
    if text.isEmpty { return "an empty text" }
    switch node.tag.rawValue {
    case Tag.Name.int.rawValue, Tag.Name.float.rawValue: return text
    case Tag.Name.bool.rawValue: return "the truth value \(text)"
    case Tag.Name.timestamp.rawValue: return "the date \(text)"
    default:
      let hasControls = scalar.string.unicodeScalars.contains {
        $0.properties.generalCategory == .control
      }
      return "the text '\(text)'" + (hasControls ? " with control characters" : "")
    }
  }

  private static func hint(_ node: Node, for shape: PipelineShape) -> String? {
    switch (shape, node) {
    case (.choice(let words), .scalar(let scalar)):
      return nearestName(to: shortened(scalar.string), among: words).map { "did you mean '\($0)'?" }
    case (.text, .scalar) where node.tag.rawValue != Tag.Name.str.rawValue && !node.isNull:
      return "put it in quotes to mean the text"
    case (.integer, .scalar(let scalar)), (.number, .scalar(let scalar)):
      let isDecimal = scalar.string.isWhole(decimalNumber)
      if scalar.style != .plain { return isDecimal ? "leave out the quotes" : nil }
      let isNumber = [Tag.Name.int, .float].map(\.rawValue).contains(node.tag.rawValue)
      return isNumber && !isDecimal ? "write it in decimal digits, such as 10 or 0.5" : nil
    case (.list, .scalar) where !node.isNull:
      return "put '- ' before it, on a line of its own"
    default:
      return nil
    }
  }

  /// `text` cut to a length that fits a message, its control characters made visible.
  static func shortened(_ text: String) -> String {
    let scalars = text.unicodeScalars
    let visible = scalars.prefix(60).map { scalar in
      scalar.properties.generalCategory == .control ? scalar.escaped(asASCII: true) : "\(scalar)"
    }
    return visible.joined() + (scalars.count > 60 ? "..." : "")
  }
}
