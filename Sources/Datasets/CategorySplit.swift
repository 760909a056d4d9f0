public import Support

/// Which categories of a data set are base, seen in training with boxes, and which are novel.
public struct CategorySplit: Codable, Hashable, Sendable {
  /// Names of the base categories; at least one, except of a data set that was not trained on.
  public let base: [String]
  /// Names of the novel categories.
  public let novel: [String]

  /// A split of the names of a data set; names of neither list are left out of the evaluation.
  ///
  /// - Parameters:
  ///   - names: all names of the data set.
  ///   - source: the file to name in errors.
  /// - Throws: `InputError` (`badData`) for a name the data set has not, or one given twice.
  public init(
    base: [String], novel: [String], of names: [String], source: String
  ) throws(InputError) {
    let known = Set(names)
    var placeOfName: [String: String] = [:]
    for (list, listed) in [("base", base), ("novel", novel)] {
      for (index, name) in listed.enumerated() {
        let place = "\(list)[\(index)]"
        guard known.contains(name) else {
          throw InputError(
            .badData, "the data set has no such category", at: "\(source): \(place)",
            got: "'\(name)'", hint: nearestName(to: name, among: names).map { "is it '\($0)'?" })
        }
        if let earlier = placeOfName.updateValue(place, forKey: name) {
          throw InputError(
            .badData, "the category is also \(earlier)", at: "\(source): \(place)",
            got: "'\(name)'")
        }
      }
    }
    guard !base.isEmpty else {
      throw InputError(.badData, "no base category", at: "\(source): base")
    }
    self.base = base
    self.novel = novel
  }

  /// Reads `{"base": [...], "novel": [...]}`.
  ///
  /// - Throws: `InputError` for malformed JSON, an unknown or missing key, and as `init(base:...)`.
  public init(path: String, of names: [String]) throws(InputError) {
    var cursor = JSONCursor(try DatasetText(path: path))
    var base: [String]?
    var novel: [String]?
    try cursor.readObject { cursor, key throws(InputError) in
      let list = try cursor.readArray { (cursor) throws(InputError) in try cursor.readString() }
      switch key {
      case "base": base = list
      case "novel": novel = list
      default: throw cursor.fault("unknown key", expected: "base or novel", got: "'\(key)'")
      }
    }
    try cursor.expectEnd()
    try self.init(
      base: cursor.require(base, "base"), novel: cursor.require(novel, "novel"), of: names,
      source: path)
  }
}

extension CategorySplit {
  /// Another data set's categories: those whose names are among `base` are base, all others novel. There may be
  /// none of either.
  public init(of names: [String], base: Set<String>) {
    self.base = names.filter(base.contains)
    novel = names.filter { !base.contains($0) }
  }
}

extension CategorySplit {
  /// The same categories in the same order, all of them base.
  public var allBase: CategorySplit { CategorySplit(base + novel) }

  private init(_ base: [String]) { (self.base, novel) = (base, []) }
}

extension COCODataset {
  /// LVIS's split: rare categories are novel, all others base.
  ///
  /// - Throws: `InputError` when a category has no frequency.
  public func splitByFrequency(source: String) throws(InputError) -> CategorySplit {
    try CategorySplit(byFrequencyOf: categories, source: source)
  }
}

extension CategorySplit {
  /// LVIS's split: rare categories are novel, all others base.
  ///
  /// - Throws: `InputError` when a category has no frequency.
  public init(
    byFrequencyOf categories: [COCODataset.Category], source: String
  ) throws(InputError) {
    if let category = categories.first(where: { $0.frequency == nil }) {
      throw InputError(
        .badData, "no frequency to split by", at: source, got: "category '\(category.name)'",
        hint: "name a file with the lists base and novel")
    }
    try self.init(
      base: categories.filter { $0.frequency != .rare }.map(\.name),
      novel: categories.filter { $0.frequency == .rare }.map(\.name),
      of: categories.map(\.name), source: source)
  }
}
