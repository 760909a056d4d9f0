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
    let words = ["cat", "Übergröße", "кошка", "γάτα", "猫", "ネコ", "고양이", "בית", "قطة", "बिल्ली", "แมว"]
    var pictures: [Image] = []
    for word in words {
      #expect(font.has(word), "\(word)")
      let line = font.line(word, size: 16)
      #expect(line.width > 16 && line.height == font.line("x", size: 16).height, "\(word)")
      pictures.append(drawn(line))
    }
    for (index, picture) in pictures.enumerated() { #expect(!pictures[..<index].contains(picture)) }
    #expect(font.star == "★" && LabelFont.builtIn.star == "*")
    // Letters of the private use area are nobody's.
    #expect(!font.has("cat \u{F8FF}"))
    #expect(font.line("\u{10FFFD}", size: 16).width > 4)
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
