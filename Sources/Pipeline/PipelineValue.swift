import Foundation
import Support
import Yams

/// One kind of value: how it is read, checked and written.
struct PipelineValue<Value>: Sendable {
  let shape: PipelineShape
  let read: @Sendable (Node, PipelinePlace) throws(InputError) -> Value
  let write: @Sendable (Value) -> Node
}

extension PipelineValue where Value: FixedWidthInteger & Sendable {
  /// A whole number in decimal digits.
  static func integer(_ range: ClosedRange<Value>) -> PipelineValue {
    let shape = PipelineShape.integer(UInt64(range.lowerBound)...UInt64(range.upperBound))
    return PipelineValue(
      shape: shape,
      read: { node, place throws(InputError) in
        guard let text = node.plainText(matching: "[-+]?(0|[1-9][0-9]*)"),
          let value = Value(text), range.contains(value)
        else { throw place.wrong(node, expected: shape) }
        return value
      },
      write: { Node("\($0)") })
  }
}

extension PipelineValue
where Value: BinaryFloatingPoint & LosslessStringConvertible & Sendable {
  /// A number with or without a fraction and an exponent.
  static func number(_ limits: NumberLimits) -> PipelineValue {
    PipelineValue(
      shape: .number(limits),
      read: { node, place throws(InputError) in
        guard let text = node.plainText(matching: decimalNumber), let value = Value(text),
          limits.contains(Double(value))
        else { throw place.wrong(node, expected: .number(limits)) }
        return value
      },
      write: { value in
        // Readers of YAML 1.1 take an exponent only after a point.
        let text = "\(value)"
        return Node(text.contains(".") ? text : text.replacing("e", with: ".0e"))
      })
  }
}

extension PipelineValue<String> {
  /// A text of at least one character and no control characters.
  static let text = text(pattern: #"[^\x00-\x1f\x7f]+"#, meaning: "a text")

  /// A text that can be a folder's name.
  static let name = text(
    pattern: "[A-Za-z0-9_][A-Za-z0-9._-]{0,99}",
    meaning: "a name of at most 100 letters, digits, '.', '_' and '-', not starting with '.' or '-'"
  )

  /// A sentence with one place for a category's name.
  static let template = text(
    pattern: #"([^{}\x00-\x1f\x7f]|\{article\})*\{\}([^{}\x00-\x1f\x7f]|\{article\})*"#,
    meaning: "a text with exactly one {} for the category's name")

  /// Words between bars, of which each says something.
  static let words = text(
    pattern: #"[^|\x00-\x1f\x7f]*[^|\s\x00-\x1f\x7f][^|\x00-\x1f\x7f]*"#
      + #"(\|[^|\x00-\x1f\x7f]*[^|\s\x00-\x1f\x7f][^|\x00-\x1f\x7f]*)*"#,
    meaning: "words, or several between bars, such as tv monitor|television")

  static func text(pattern: String, meaning: String) -> PipelineValue {
    let shape = PipelineShape.text(pattern: pattern, meaning: meaning)
    return PipelineValue(
      shape: shape,
      read: { node, place throws(InputError) in
        guard let text = node.text, text.isWhole(pattern) else {
          throw place.wrong(node, expected: shape)
        }
        return text
      },
      write: { Node.scalar($0.represented()) })
  }

  /// One of a few words that have no type of their own.
  static func oneOf(_ words: [String]) -> PipelineValue {
    choice(words, word: { $0 }, value: { $0 })
  }
}

extension PipelineValue<Bool> {
  /// Yes or no, spelt as every reader of YAML spells them.
  static let flag = PipelineValue(
    shape: .flag,
    read: { node, place throws(InputError) in
      guard let text = node.plainText(matching: "true|false") else {
        throw place.wrong(node, expected: .flag)
      }
      return text == "true"
    },
    write: { Node("\($0)") })
}

extension PipelineValue where Value: CaseIterable & RawRepresentable<String> & Sendable {
  /// One of an enumeration's words.
  static var choice: PipelineValue {
    choice(Value.allCases.map(\.rawValue), word: { $0.rawValue }, value: { Value(rawValue: $0) })
  }
}

extension PipelineValue {
  private static func choice(
    _ words: [String], word: @escaping @Sendable (Value) -> String,
    value: @escaping @Sendable (String) -> Value?
  ) -> PipelineValue {
    PipelineValue(
      shape: .choice(words),
      read: { node, place throws(InputError) in
        guard let text = node.text, words.contains(text), let found = value(text) else {
          throw place.wrong(node, expected: .choice(words))
        }
        return found
      },
      write: { Node.scalar(word($0).represented()) })
  }

  /// A list of at least `atLeast` values of one kind.
  static func list<Item: Sendable>(
    of item: PipelineValue<Item>, atLeast: Int = 1
  ) -> PipelineValue where Value == [Item] {
    let shape = PipelineShape.list(of: item.shape, atLeast: atLeast)
    let isOfTexts = if case .text = item.shape { true } else { false }
    return PipelineValue(
      shape: shape,
      read: { node, place throws(InputError) in
        guard case .sequence(let sequence) = node, sequence.count >= atLeast else {
          throw place.wrong(node, expected: shape)
        }
        var items = [Item]()
        for (i, node) in sequence.enumerated() {
          let place = place.item(i, line: node.mark?.line)
          try place.refuseSpecials(node)
          items.append(try item.read(node, place))
        }
        return items
      },
      write: { Node($0.map(item.write), .implicit, isOfTexts ? .block : .flow) })
  }

  /// Keys of the user's own, each with a value of one kind.
  static func mapping<Item: Sendable>(
    to item: PipelineValue<Item>
  ) -> PipelineValue where Value == [String: Item] {
    let shape = PipelineShape.mapping(to: item.shape)
    return PipelineValue(
      shape: shape,
      read: { node, place throws(InputError) in
        guard case .mapping(let mapping) = node else { throw place.wrong(node, expected: shape) }
        var items = [String: Item]()
        for (name, node) in mapping {
          try place.at(line: name.mark?.line).refuseSpecials(name, isKey: true)
          let key = try PipelineValue<String>.text.read(name, place.at(line: name.mark?.line))
          let place = place.key(PipelinePlace.shortened(key), line: name.mark?.line)
          try place.refuseSpecials(node)
          items[key] = try item.read(node, place)
        }
        return items
      },
      write: { items in
        let names = items.keys.sorted()
        return Node(
          names.map { (Node.scalar($0.represented()), item.write(items[$0]!)) }, .implicit, .block)
      })
  }

  /// A section of further keys.
  static func section(_ section: PipelineSection<Value>) -> PipelineValue where Value: Sendable {
    PipelineValue(
      shape: section.shape,
      read: { node, place throws(InputError) in try section.read(node, at: place) },
      write: { section.write($0) })
  }
}

/// A number as every reader of YAML takes it: no leading zeros, no underscores, no base but ten.
let decimalNumber = #"[-+]?((0|[1-9][0-9]*)(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?"#

extension Node {
  /// The text of a scalar that every reader of YAML takes for a text, quoted or not.
  fileprivate var text: String? {
    guard case .scalar(let scalar) = self, tag.rawValue == Tag.Name.str.rawValue else { return nil }
    return scalar.string
  }

  /// The text of a scalar without quotes, if all of it matches the regular expression.
  fileprivate func plainText(matching pattern: String) -> String? {
    guard case .scalar(let scalar) = self, scalar.style == .plain, scalar.string.isWhole(pattern)
    else { return nil }
    return scalar.string
  }

  /// Whether nothing, `null` or `~` is written.
  var isNull: Bool {
    if case .scalar = self { return tag.rawValue == Tag.Name.null.rawValue }
    return false
  }
}

extension String {
  /// Whether the whole text, a line break at its end included, matches the regular expression.
  func isWhole(_ pattern: String) -> Bool {
    range(of: "^(?:\(pattern))$", options: .regularExpression) == startIndex..<endIndex
  }
}
