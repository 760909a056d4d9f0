/// What a category is called: its name, and other names for the same thing.
public struct CategoryName: Hashable, Sendable, Codable {
  /// The name as the user or the data set spells it.
  public var name: String
  /// Other names; may repeat `name`, as LVIS does.
  public var synonyms: [String]

  /// A category; most data sets have no synonyms.
  public init(_ name: String, synonyms: [String] = []) {
    self.name = name
    self.synonyms = synonyms
  }

  /// The different names that stand for the category: `name`, then its synonyms in order.
  public var texts: [String] {
    var seen = Set<String>()
    return ([name] + synonyms).filter { seen.insert($0).inserted }
  }
}

extension COCODataset.Category {
  /// The category in words: its name, and LVIS's synonyms.
  public var words: CategoryName { CategoryName(name, synonyms: synonyms) }
}
