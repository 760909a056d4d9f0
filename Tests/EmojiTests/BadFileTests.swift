import Emoji
import Foundation
import Support
import TestSupport
import Testing

/// A file that is missing, damaged or of another version is named in one line.
@Suite struct BadFileTests {
  private func error(_ change: (inout EmojiFiles) throws -> Void) throws -> InputError {
    var files = EmojiFiles.debian
    try change(&files)
    do throws(InputError) {
      _ = try EmojiCatalogue(files)
    } catch {
      #expect(!error.description.contains("\n"))
      return error
    }
    throw InputError(.badData, "the catalogue was read")
  }

  @Test func missing() throws {
    let nowhere = "/nowhere/file"
    for (package, change) in [
      ("fonts-noto-color-emoji", { $0.font = nowhere }),
      ("unicode-data", { $0.emojiTest = nowhere }), ("unicode-cldr-core", { $0.cldr = nowhere }),
    ] as [(String, (inout EmojiFiles) -> Void)] {
      let error = try error(change)
      #expect(error.kind == .missingInput)
      #expect(error.description.hasPrefix("/nowhere/file"))
      #expect(error.description.hasSuffix(": apt-get install \(package)"))
    }
  }

  @Test func otherVersionOfTheList() throws {
    try withTemporaryFolder { folder in
      let path = "\(folder)/emoji-test.txt"
      let text = String(
        decoding: try Files.read(EmojiFiles.debian.emojiTest), as: UTF8.self)
      func error(of text: String) throws -> InputError {
        try Files.write(Data(text.utf8), to: path)
        return try self.error { $0.emojiTest = path }
      }
      let newer = try error(of: text.replacing("# Version: 15.0", with: "# Version: 16.0"))
      #expect(newer.kind == .badData && newer.place == path)
      #expect(newer.expected == "Version: 15.0" && newer.got == "Version: 16.0")
      #expect(try error(of: "").got == "none")
      // The dog's line is the 3,112th or so; whatever it is, it is named.
      let line =
        1 + (text.components(separatedBy: "\n").firstIndex { $0.hasPrefix("1F415 ") } ?? -1)
      let damaged = try error(of: text.replacing("\n1F415 ", with: "\n1F41G "))
      #expect(damaged.kind == .badData && damaged.place == "\(path):\(line)")
      try Files.write(Data([0xFF, 0xFE, 0x31]), to: path)
      #expect(try self.error { $0.emojiTest = path }.what == "not a text in UTF-8")
    }
  }

  @Test func otherVersionOfTheAnnotations() throws {
    try withTemporaryFolder { folder in
      try Files.createFolder("\(folder)/dtd")
      try Files.createFolder("\(folder)/annotations")
      func error(dtd: String, xml: String) throws -> InputError {
        try Files.write(Data(dtd.utf8), to: "\(folder)/dtd/ldml.dtd")
        try Files.write(Data(xml.utf8), to: "\(folder)/annotations/en.xml")
        return try self.error { $0.cldr = folder }
      }
      func definition(_ version: String) -> String {
        "<!ATTLIST version cldrVersion CDATA #FIXED \"\(version)\" >"
      }
      let newer = try error(dtd: definition("44"), xml: "<ldml/>")
      #expect(newer.expected == "cldrVersion 41" && newer.got == "cldrVersion 44")
      #expect(try error(dtd: "", xml: "<ldml/>").got == "none")
      let cut = "<ldml>\n<annotations>\n<annotation cp=\"x\">a | b</annot"
      for xml in [cut, "<ldml/>", "", "not XML"] {
        let damaged = try error(dtd: definition("41"), xml: xml)
        #expect(damaged.kind == .badData && damaged.what == "not CLDR's annotations")
        #expect(damaged.place?.hasPrefix("\(folder)/annotations/en.xml:") == true)
      }
    }
  }

  @Test func otherFonts() throws {
    try withTemporaryFolder { folder in
      let path = "\(folder)/font.ttf"
      try Files.write(Data("not a font".utf8), to: path)
      let text = try error { $0.font = path }
      #expect(text.kind == .badData && text.what == "not a font that FreeType reads")
      #expect(text.place == path)

      // The revision stands in the table 'head', 4 bytes from its start, as 16.16 fixed point.
      var font = try Files.read(EmojiFiles.debian.font)
      let entry = try #require(font.range(of: Data("head".utf8))?.lowerBound)
      let table = font[entry + 8..<entry + 12].reduce(0) { $0 << 8 | Int($1) }
      font.replaceSubrange(table + 4..<table + 8, with: [0, 2, 0x08, 0x31])
      try Files.write(font, to: path)
      let older = try error { $0.font = path }
      #expect(older.expected == "Noto Color Emoji 2.042" && older.got == "Noto Color Emoji 2.032")
      // Cut off in the bitmaps.
      try Files.write(Files.read(EmojiFiles.debian.font).prefix(2_000_000), to: path)
      #expect(try error { $0.font = path }.kind == .badData)
    }
  }
}
