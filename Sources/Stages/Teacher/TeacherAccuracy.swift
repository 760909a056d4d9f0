import Datasets
import Foundation
import Pretraining
import Support

/// How often a teacher names annotated objects rightly, by group and by category
/// (`schemas/teacher-accuracy.schema.json`).
struct TeacherAccuracy: Encodable {
  /// Shares are in 0...1; nil where no object was tried.
  struct Group: Encodable {
    /// "base", "novel" or "all".
    let name: String
    /// How many of its categories have objects that were tried.
    let categories: Int
    let objects: Int
    let top1, top5: Double?
  }

  struct Category: Encodable {
    let name: String
    /// "base" or "novel"; nil for a category of neither, and without a split.
    let group: String?
    let objects: Int
    let top1, top5: Double?
    /// The wrong name that was given most often; nil where none was.
    let wrong: Answer?
  }

  struct Answer: Encodable {
    let name: String
    /// How many of the category's objects got it.
    let objects: Int
  }

  let format = "vild-teacher-accuracy"
  let version = 1
  /// Which objects were tried, in words.
  let statement: String
  /// How many names there were to choose from.
  let names: Int
  /// "all" is the last.
  let groups: [Group]
  /// Those that have objects, in the data set's order.
  let categories: [Category]

  /// Up to so many categories are listed where nobody says otherwise.
  private static let mostListed = 30

  /// - Parameters:
  ///   - accuracy: over the places of `names`.
  ///   - split: nil for annotations alone.
  init(
    _ accuracy: ZeroShotAccuracy, statement: String, names: [String], split: CategorySplit? = nil
  ) {
    let (base, novel) = (Set(split?.base ?? []), Set(split?.novel ?? []))
    let tallies = names.indices.compactMap { place in
      accuracy.tallies[place].map { (name: names[place], tally: $0) }
    }
    func group(_ name: String, _ isMember: (String) -> Bool) -> Group {
      let members = tallies.filter { isMember($0.name) }.map(\.tally)
      let objects = members.reduce(0) { $0 + $1.count }
      return Group(
        name: name, categories: members.count, objects: objects,
        top1: Self.share(members.reduce(0) { $0 + $1.first }, of: objects),
        top5: Self.share(members.reduce(0) { $0 + $1.firstFive }, of: objects))
    }
    self.statement = statement
    self.names = names.count
    groups =
      (split == nil ? [] : [group("base", base.contains), group("novel", novel.contains)])
      + [group("all") { _ in true }]
    categories = tallies.map { name, tally in
      Category(
        name: name, group: base.contains(name) ? "base" : novel.contains(name) ? "novel" : nil,
        objects: tally.count, top1: Self.share(tally.first, of: tally.count),
        top5: Self.share(tally.firstFive, of: tally.count),
        wrong: tally.mostFrequentWrong.map { Answer(name: names[$0.name], objects: $0.count) })
    }
  }

  private static func share(_ hits: Int, of count: Int) -> Double? {
    count == 0 ? nil : Double(hits) / Double(count)
  }

  func json() throws -> String {
    String(decoding: try JSONDocument.pretty(self), as: UTF8.self) + "\n"
  }

  /// As aligned text, shares in percent.
  ///
  /// - Parameter categories: whether each category has a row; nil lists up to 30 of them.
  func table(categories: Bool?) -> String {
    let all = groups[groups.count - 1]
    var text =
      "teacher accuracy over \(all.objects) \(statement), \(names.counted("name")): "
      + "top-1 \(Self.percent(all.top1))%, top-5 \(Self.percent(all.top5))%\n"
    if groups.count > 1 {
      text +=
        "\n"
        + aligned(
          [["group", "categories", "objects", "top-1", "top-5"]]
            + groups.map {
              [
                $0.name, "\($0.categories)", "\($0.objects)", Self.percent($0.top1),
                Self.percent($0.top5),
              ]
            })
    }
    if categories ?? (self.categories.count <= Self.mostListed) { text += "\n" + categoriesTable }
    return text
  }

  private var categoriesTable: String {
    let hasGroups = groups.count > 1
    // The last column is words too, and as long as it wants.
    let wrong = categories.map { category in
      category.wrong.map { "\($0.name) (\($0.objects))" } ?? "-"
    }
    let rows = aligned(
      [["category"] + (hasGroups ? ["group"] : []) + ["objects", "top-1", "top-5"]]
        + categories.map { category in
          [category.name] + (hasGroups ? [category.group ?? "-"] : [])
            + [
              "\(category.objects)", Self.percent(category.top1), Self.percent(category.top5),
            ]
        }, wordColumns: hasGroups ? 2 : 1)
    return zip(rows.split(separator: "\n"), ["most frequent wrong answer"] + wrong)
      .map { "\($0)  \($1)\n" }.joined()
  }

  private static func percent(_ share: Double?) -> String {
    share.map { String(format: "%.1f", 100 * $0) } ?? "-"
  }
}
