import Foundation
import Support

/// Names on their way to a vocabulary: each is checked, and those below one parent, which may come from
/// several lines, are put together where the first of them stands.
struct CategoryGroups {
  private let kind: Vocabulary.Kind
  /// Each name without parent is a group of its own.
  private var groups: [(parent: CategoryName?, categories: [CategoryName])] = []
  /// By the parent's name in lower case.
  private var groupOfParent: [String: Int] = [:]
  /// By the name in lower case.
  private var known: [String: (place: String, role: Role)] = [:]

  private enum Role { case parent, child, alone }

  init(_ kind: Vocabulary.Kind) { self.kind = kind }

  /// - Throws: `InputError` (`badData`) for an empty, repeated or over-long name, and for more than two
  ///   levels.
  mutating func add(_ entry: Vocabulary.Entry) throws(InputError) {
    let place = entry.place
    guard let given = entry.parent else {
      let category = try checked(entry.category, "\(kind.article) \(kind.name)", at: place)
      try note(category.name, .alone, at: place)
      groups.append((nil, [category]))
      return
    }
    let parent = try checked(given, "a name before '>'", at: place)
    guard kind == .categories else {
      throw InputError(
        .badData, "attributes do not lie below others", at: place, expected: "no '>'",
        got: "'\(parent.name) > \(entry.category.name)'")
    }
    let category = try checked(entry.category, "a category below '\(parent.name)'", at: place)
    let key = parent.name.lowercased()
    let group: Int
    if let known = groupOfParent[key] {
      guard parent.synonyms.isEmpty || parent == groups[known].parent else {
        throw InputError(
          .badData, "'\(parent.name)' is given twice with other synonyms", at: place,
          hint: "give them once")
      }
      group = known
    } else {
      try note(parent.name, .parent, at: place)
      group = groups.count
      groupOfParent[key] = group
      groups.append((parent, []))
    }
    try note(category.name, .child, at: place)
    groups[group].categories.append(category)
  }

  /// All of them, groups in their order.
  var flattened: (categories: [CategoryName], parents: [Vocabulary.Parent]) {
    var categories: [CategoryName] = []
    var parents: [Vocabulary.Parent] = []
    for group in groups {
      let start = categories.count
      categories += group.categories
      if let parent = group.parent {
        parents.append(Vocabulary.Parent(parent, children: start..<categories.count))
      }
    }
    return (categories, parents)
  }

  private mutating func note(
    _ name: String, _ role: Role, at place: String
  ) throws(InputError) {
    guard let earlier = known.updateValue((place, role), forKey: name.lowercased()) else { return }
    let hint = "the first is at \(earlier.place)"
    if [earlier.role, role] == [.child, .parent] || [earlier.role, role] == [.parent, .child] {
      throw InputError(
        .badData, "'\(name)' lies below another name and has names below it", at: place,
        expected: "two levels, parent > category", hint: hint)
    }
    throw InputError(
      .badData, "\(kind.article) \(kind.name) is given twice", at: place, got: "'\(name)'",
      hint: hint)
  }

  private func checked(
    _ category: CategoryName, _ role: String, at place: String
  ) throws(InputError) -> CategoryName {
    let name = try checked(category.name, role, at: place)
    let synonyms = try category.synonyms.map { synonym throws(InputError) in
      try checked(synonym, "a synonym of '\(name)'", at: place)
    }
    return CategoryName(name, synonyms: synonyms)
  }

  /// `text` without white space at its ends.
  private func checked(
    _ text: String, _ role: String, at place: String
  ) throws(InputError) -> String {
    let text = text.trimmingCharacters(in: .whitespacesAndNewlines)
    guard !text.isEmpty else { throw InputError(.badData, "\(role) is empty", at: place) }
    guard text.count <= Vocabulary.longestName else {
      throw InputError(
        .badData, "\(role) is too long", at: place,
        expected: "at most \(Vocabulary.longestName) characters",
        got: "\(text.count): '\(text.prefix(40))...'")
    }
    return text
  }
}
