internal import Support

extension Recipe {
  /// One field in which two recipes differ.
  public struct Difference: Equatable, Sendable, CustomStringConvertible {
    /// As in "preprocessing.cropFactors[1]".
    public var field: String
    /// Canonical JSON of the first recipe's value; "nothing" where the field is missing.
    public var first: String
    /// The same of the second.
    public var second: String

    /// "teacher.family: "clip" or "align"".
    public var description: String { "\(field): \(first) or \(second)" }
  }

  /// The fields in which this recipe and `other` differ, by name.
  public func difference(from other: Recipe) -> [Difference] {
    Self.difference(json, other.json)
  }

  /// The refusal of a cache made by another recipe: both hashes and the first differing fields.
  static func refusal(
    of found: JSONValue, wanted: Recipe, at place: String
  ) -> InputError {
    let fields = difference(found, wanted.json).prefix(3).map(\.description)
    return InputError(
      .badData, "the cache was made by another recipe", at: place,
      expected: "recipe \(wanted.hash)", got: "recipe \(Fingerprint.json(found))",
      hint: "they differ in \(fields.joined(separator: ", "))")
  }

  private static func difference(_ first: JSONValue, _ second: JSONValue) -> [Difference] {
    let (first, second) = (leaves(first, at: ""), leaves(second, at: ""))
    return Set(first.keys).union(second.keys).sorted().compactMap { field in
      first[field] == second[field]
        ? nil
        : Difference(
          field: field, first: first[field] ?? "nothing", second: second[field] ?? "nothing")
    }
  }

  private static func leaves(_ value: JSONValue, at path: String) -> [String: String] {
    switch value {
    case .object(let fields):
      fields.reduce(into: [:]) { all, field in
        let name = path.isEmpty ? field.key : "\(path).\(field.key)"
        all.merge(leaves(field.value, at: name)) { $1 }
      }
    case .array(let values):
      values.enumerated().reduce(into: [:]) { all, entry in
        all.merge(leaves(entry.element, at: "\(path)[\(entry.offset)]")) { $1 }
      }
    default: [path: value.canonical]
    }
  }
}
