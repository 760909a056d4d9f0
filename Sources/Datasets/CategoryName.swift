/// What a category is called: its name, and other names for the same thing.
public struct CategoryName: Hashable, Sendable, Codable {
  /// The name as the user or the data set spells it.
  public var name: String
  /// Other names; may repeat `name`, as LVIS does.
  public var synonyms: [String]
  /// What a teacher is told instead of the name and its synonyms, at least one; nil for these.
  public var words: [String]?

  /// A category; most data sets have no synonyms.
  public init(_ name: String, synonyms: [String] = [], words: [String]? = nil) {
    precondition(words?.isEmpty != true, "a category has words")
    self.name = name
    self.synonyms = synonyms
    self.words = words
  }

  /// The different texts that stand for the category: its words, or else `name` and then its
  /// synonyms in order.
  public var texts: [String] {
    var seen = Set<String>()
    return (words ?? [name] + synonyms).filter { seen.insert($0).inserted }
  }

  /// The same, known by the first of its texts alone.
  public var withoutSynonyms: CategoryName {
    CategoryName(name, words: words.map { [$0[0]] })
  }
}

extension COCODataset.Category {
  /// The category in words: its name, and LVIS's synonyms.
  public var words: CategoryName { CategoryName(name, synonyms: synonyms) }
}
