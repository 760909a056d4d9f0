import Emoji
import Testing

@Suite struct CatalogueTests {
  @Test func everyCategoryIsToldApart() throws {
    let categories = try catalogue().categories
    #expect(categories.count == 797)
    #expect(try catalogue().glyphs.count == 797)
    #expect(categories.map(\.id) == Array(1...797))
    #expect(Set(categories.map { $0.name.lowercased() }).count == 797)
    #expect(Set(categories.map(\.codePoint)).count == 797)
    let words = categories.flatMap { [$0.name] + $0.synonyms }.map { $0.lowercased() }
    #expect(Set(words).count == words.count, "a synonym stands for one category")
    let perGroup = Dictionary(grouping: categories, by: \.group).mapValues(\.count)
    #expect(perGroup.count == 5 && perGroup.values.allSatisfy { $0 > 50 }, "\(perGroup)")
  }

  @Test func aCategoryInFull() throws {
    let orangutan = try #require(try catalogue().categories.first { $0.codePoint == 0x1F9A7 })
    #expect(orangutan.name == "orangutan" && orangutan.synonyms == ["ape"])
    #expect(orangutan.group == "Animals & Nature" && orangutan.subgroup == "animal-mammal")
    #expect(orangutan.definition == "animal mammal: ape, orangutan")
  }

  /// No clock faces, people or faces; of what differs by a number or a colour some; names in ASCII
  /// apostrophes.
  @Test func whatIsLeftOut() throws {
    let names = Set(try catalogue().categories.map(\.name))
    #expect(names.isDisjoint(with: ["one o'clock", "man", "grinning face", "red heart"]))
    #expect(names.isDisjoint(with: ["orange book", "green book", "magnifying glass tilted right"]))
    #expect(names.isSuperset(of: ["blue book", "magnifying glass tilted left", "woman's boot"]))
    #expect(names.allSatisfy { !$0.contains("\u{2019}") })
  }

  /// A dog that sits is at most 136 x 128 pixels and its middle is opaque.
  @Test func aGlyphIsCutToItsPixels() throws {
    for glyph in try catalogue().glyphs {
      let pixels = glyph.pixels
      #expect((1...136).contains(glyph.width) && (1...128).contains(glyph.height))
      #expect(pixels.count == glyph.width * glyph.height * 4)
      func alpha(_ x: Int, _ y: Int) -> UInt8 { pixels[(y * glyph.width + x) * 4 + 3] }
      let edges = [
        (0..<glyph.width).map { alpha($0, 0) },
        (0..<glyph.width).map { alpha($0, glyph.height - 1) },
        (0..<glyph.height).map { alpha(0, $0) },
        (0..<glyph.height).map { alpha(glyph.width - 1, $0) },
      ]
      #expect(edges.allSatisfy { $0.contains { $0 > 0 } })
      // Premultiplied: no channel above alpha.
      #expect(
        stride(from: 0, to: pixels.count, by: 4).allSatisfy {
          max(pixels[$0], pixels[$0 + 1], pixels[$0 + 2]) <= pixels[$0 + 3]
        })
    }
  }
}
