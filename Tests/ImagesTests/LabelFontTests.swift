import Foundation
import Images
import Support
import TestSupport
import Testing

/// Letters of Debian's fonts, where they are installed.
@Suite struct LabelFontTests {
  static let missing = LabelFont.files.filter { !Files.exists($0.path) }.map(\.package)
  static let hasFonts: Bool = {
    if missing.isEmpty { return true }
    FileHandle.standardError.write(
      Data("SKIPPED: install Debian's \(missing.joined(separator: " ")) to test letters\n".utf8))
    return false
  }()

  private func font() throws -> LabelFont { try LabelFont(paths: LabelFont.files.map(\.path)) }

  /// How much of a line is letter, column by column, as text.
  private func drawn(_ line: TextLine) -> Image {
    var image = Image(width: line.width, height: line.height)
    image.draw(line, x: 0, y: 0, color: .white)
    return image
  }

  @Test(.enabled(if: hasFonts, "fonts are not installed"))
  func lettersOfAnyScript() throws {
    let font = try font()
    let words = [
      "cat", "Übergröße", "кошка", "γάτα", "猫", "ネコ", "고양이", "בית", "قطة", "बिल्ली", "แมว",
      "🐈", "𐌰𐌱",
    ]
    var pictures: [Image] = []
    for word in words {
      #expect(font.has(word), "\(word)")
      let line = font.line(word, size: 16)
      #expect(line.width > 16 && line.height == font.line("x", size: 16).height, "\(word)")
      pictures.append(drawn(line))
    }
    for (index, picture) in pictures.enumerated() { #expect(!pictures[..<index].contains(picture)) }
    #expect(font.star == "★" && LabelFont.builtIn.star == "*")
  }

  /// Letters of the private use area are nobody's: their numbers tell them apart.
  @Test(.enabled(if: hasFonts, "fonts are not installed"))
  func boxesWithNumbers() throws {
    let font = try font()
    #expect(!font.has("cat \u{10FFFC}"))
    let (one, other) = (font.line("\u{10FFFC}", size: 24), font.line("\u{10FFFD}", size: 24))
    #expect(one != other && one.height == font.line("x", size: 24).height)
    // A frame of three quarters of the size, on the base line.
    let picture = drawn(one)
    let rows = (0..<picture.height).filter { y in
      (0..<picture.width).count { picture[$0, y] == .white } > picture.width * 2 / 3
    }
    #expect(rows.count == 2 && rows[1] - rows[0] == 17)
    for size in 1...40 { #expect(font.line("\u{10FFFC}", size: size).width > 4) }
  }

  /// A mark makes no line longer, and is drawn over or under its own letter.
  @Test(.enabled(if: hasFonts, "fonts are not installed"))
  func marksStandOnTheirLetters() throws {
    let font = try font()
    // Letters that Unicode has not composed; the last mark is of another font than its letter.
    for (letter, mark) in [("x", "\u{301}"), ("ב", "\u{5B4}"), ("س", "\u{64B}"), ("𐌰", "\u{301}")] {
      let plain = font.line("\(letter)\(letter)", size: 32)
      let marked = font.line("\(letter)\(mark)\(letter)", size: 32)
      #expect(marked.width == plain.width && marked.height == plain.height, "\(letter)")
      let (before, after) = (drawn(plain), drawn(marked))
      let changed = (0..<plain.width).filter { x in
        (0..<plain.height).contains { before[x, $0] != after[x, $0] }
      }
      // The first letter stands at the right where writing goes to the left.
      let isRight = letter == "ב" || letter == "س"
      let half = plain.width / 2
      #expect(!changed.isEmpty, "\(letter)")
      #expect(changed.allSatisfy { isRight ? $0 >= half - 2 : $0 <= half + 2 }, "\(letter)")
    }
  }

  @Test(.enabled(if: hasFonts, "fonts are not installed"))
  func composedOrNotAndUnseen() throws {
    let font = try font()
    #expect(font.line("e\u{301}", size: 20) == font.line("é", size: 20))
    #expect(font.line("a\u{200B}b\u{FE0F}\n", size: 20) == font.line("ab", size: 20))
    let (small, large) = (font.line("M", size: 12), font.line("M", size: 48))
    #expect(abs(Double(large.height) / Double(small.height) - 4) < 0.3)
    // Letters are as high as Latin capitals should be, and inside the line.
    let picture = drawn(large)
    let rows = (0..<picture.height).filter { y in
      (0..<picture.width).contains { picture[$0, y] == .white }
    }
    #expect((30...40).contains(rows.count) && rows.first! > 3 && rows.last! < large.height - 4)
  }

  /// The first letter of Hebrew stands at the right; digits and Latin keep their order.
  @Test(.enabled(if: hasFonts, "fonts are not installed"))
  func rightToLeft() throws {
    let font = try font()
    #expect(font.line("אבג", size: 20) != font.line("גבא", size: 20))
    let (alef, gimel) = (drawn(font.line("א", size: 20)), drawn(font.line("ג", size: 20)))
    let word = drawn(font.line("אב ג", size: 20))
    func columns(_ image: Image, _ range: Range<Int>) -> [[Bool]] {
      range.map { x in (0..<image.height).map { image[x, $0] == .black } }
    }
    // Without the margin of three.
    let (first, last) = (gimel.width - 6, alef.width - 6)
    #expect(columns(word, 3..<3 + first) == columns(gimel, 3..<3 + first))
    #expect(
      columns(word, word.width - 3 - last..<word.width - 3) == columns(alef, 3..<3 + last))
    let mixed = drawn(font.line("ab אב 12", size: 20))
    #expect(columns(mixed, 0..<16) == columns(drawn(font.line("ab", size: 20)), 0..<16))
  }

  /// As drawn from left to right: numbers keep their order, brackets open to the other side, a score
  /// stands at the right.
  @Test(arguments: [
    ("cat 12", "cat 12"), ("אב 12 ג", "ג 12 בא"), ("אב 1.5 ג", "ג 1.5 בא"), ("אב (ג)", "(ג) בא"),
    ("(אב) ג", "(בא) ג"), ("אב (12)", "בא (12)"), ("אב ג★ 0.87", "ג בא★ 0.87"),
    ("bat (אב)", "bat (בא)"), ("אב cat גד", "בא cat דג"), ("ב\u{5B4}א", "אב\u{5B4}"),
  ])
  func visualOrder(text: String, shown: String) {
    let found = String(VisualOrder.characters(of: text))
    #expect(found.unicodeScalars.elementsEqual(shown.unicodeScalars))
  }

  @Test(.enabled(if: hasFonts, "fonts are not installed"))
  func manyThreadsDrawTheSame() async throws {
    let font = try font()
    let line = font.line("traffic light 0.87", size: 18)
    let lines = await withTaskGroup(of: TextLine.self) { group in
      for _ in 0..<64 { group.addTask { font.line("traffic light 0.87", size: 18) } }
      return await group.reduce(into: []) { $0.append($1) }
    }
    #expect(lines.allSatisfy { $0 == line })
  }

  @Test func whatIsNoFont() throws {
    try withTemporaryFolder { folder in
      try Files.write(Data("no font".utf8), to: "\(folder)/a.ttf")
      for (name, what) in [("a.ttf", "not a font"), ("b.ttf", "no such font")] {
        do {
          _ = try LabelFont(paths: ["\(folder)/\(name)"])
          Issue.record("\(name) was read")
        } catch { #expect("\(error)".hasPrefix("\(folder)/\(name): \(what)")) }
      }
    }
  }
}
