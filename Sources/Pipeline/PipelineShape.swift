/// What may stand at one place of a pipeline file; `schemas/pipeline.schema.json` says the same to
/// an editor.
package indirect enum PipelineShape: Equatable, Sendable {
  case section([Key])
  case list(of: PipelineShape, atLeast: Int)
  /// Any texts as keys, each with such a value.
  case mapping(to: PipelineShape)
  case integer(ClosedRange<UInt64>)
  case number(NumberLimits)
  /// `pattern` is a regular expression for the whole text, `meaning` says it in words.
  case text(pattern: String, meaning: String)
  case choice([String])
  /// `true` or `false`.
  case flag

  /// A key of a section.
  package struct Key: Equatable, Sendable {
    package let name: String
    package let presence: Presence
    package let shape: PipelineShape
  }

  /// What it means when a key is left out.
  package enum Presence: Sendable {
    case required
    /// There is no value.
    case optional
    /// The value is the default.
    case defaulted
  }

  /// The completion of "expected".
  package var description: String {
    switch self {
    case .section(let keys): "a section with \(keys.map(\.name).joined(separator: ", "))"
    case .list(let item, 0): "a list, each \(item.description)"
    case .list(let item, let count): "a list of at least \(count), each \(item.description)"
    case .mapping(let item): "a section of names, each with \(item.description)"
    case .integer(let range): "a whole number from \(range.lowerBound) to \(range.upperBound)"
    case .number(let limits): limits.description
    case .text(_, let meaning): meaning
    case .flag: "true or false"
    case .choice(let values) where values.count == 1: values[0]
    case .choice(let values): "one of \(values.joined(separator: ", "))"
    }
  }

  /// The full names of the sections in which a key called `name` belongs.
  func sections(with name: String, under path: String = "") -> [String] {
    guard case .section(let keys) = self else { return [] }
    let here = keys.contains { $0.name == name } && !path.isEmpty ? [path] : []
    return here
      + keys.flatMap { key in
        key.shape.sections(with: name, under: path.isEmpty ? key.name : "\(path).\(key.name)")
      }
  }
}

/// The numbers that are in range: between two bounds, of which each may be left out itself.
package struct NumberLimits: Equatable, Sendable {
  package let lower: Double
  package let upper: Double
  package let includesLower: Bool
  package let includesUpper: Bool

  static func within(_ range: ClosedRange<Double>) -> NumberLimits {
    NumberLimits(
      lower: range.lowerBound, upper: range.upperBound, includesLower: true, includesUpper: true)
  }

  static func within(_ range: Range<Double>) -> NumberLimits {
    NumberLimits(
      lower: range.lowerBound, upper: range.upperBound, includesLower: true, includesUpper: false)
  }

  static func above(_ lower: Double, upTo upper: Double) -> NumberLimits {
    NumberLimits(lower: lower, upper: upper, includesLower: false, includesUpper: true)
  }

  func contains(_ value: Double) -> Bool {
    (includesLower ? value >= lower : value > lower)
      && (includesUpper ? value <= upper : value < upper)
  }

  var description: String {
    func short(_ value: Double) -> String {
      value == value.rounded() ? "\(Int(value))" : "\(value)"
    }
    if includesLower && includesUpper { return "a number from \(short(lower)) to \(short(upper))" }
    return "a number \(includesLower ? "from" : "above") \(short(lower)), "
      + "\(includesUpper ? "at most" : "below") \(short(upper))"
  }
}
