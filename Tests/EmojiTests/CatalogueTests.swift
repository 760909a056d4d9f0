import Emoji
import Foundation
import Images
import Support
import TestSupport
import Testing

/// The catalogue of Debian's packages, read once for all tests.
let catalogue = Result { () throws(InputError) in try EmojiCatalogue() }

@Suite struct CatalogueTests {
  @Test func everyCategoryIsToldApart() throws {
    let categories = try catalogue.get().categories
    #expect(categories.count == 797)
    #expect(try catalogue.get().glyphs.count == 797)
    #expect(categories.map(\.id) == Array(1...797))
    #expect(Set(categories.map { $0.name.lowercased() }).count == 797)
    #expect(Set(categories.map(\.codePoint)).count == 797)
    let words = categories.flatMap { [$0.name] + $0.synonyms }.map { $0.lowercased() }
    #expect(Set(words).count == words.count, "a synonym stands for one category")
    let perGroup = Dictionary(grouping: categories, by: \.group).mapValues(\.count)
    #expect(perGroup.count == 5 && perGroup.values.allSatisfy { $0 > 50 }, "\(perGroup)")
  }

  @Test func aCategoryInFull() throws {
    let orangutan = try #require(catalogue.get().categories.first { $0.codePoint == 0x1F9A7 })
    #expect(orangutan.name == "orangutan" && orangutan.synonyms == ["ape"])
    #expect(orangutan.group == "Animals & Nature" && orangutan.subgroup == "animal-mammal")
    #expect(orangutan.definition == "animal mammal: ape, orangutan")
    // No clock faces, people or faces; of the medals with the numbers 1 to 3 and a star two.
    let names = Set(try catalogue.get().categories.map(\.name))
    #expect(names.isDisjoint(with: ["one o'clock", "man", "grinning face", "red heart"]))
    #expect(names.count(where: { $0.hasSuffix("medal") }) == 3)
  }
}
