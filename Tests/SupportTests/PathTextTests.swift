import Foundation
import Support
import TestSupport
import Testing

@Suite struct PathTextTests {
  /// Names that are not UTF-8, and the private characters that stand for their bytes.
  static let names: [[UInt8]] = [
    Array("plain.jpg".utf8), Array("猫 😀 e\u{301}".utf8), [0x63, 0x61, 0x66, 0xE9],
    [0xC3, 0x28], [0xE2, 0x82], [0xED, 0xA0, 0x80], [0xF8, 0x88], [0x80], [0xFF, 0xFE, 0x41],
    Array("\u{EF80}\u{EFFF}".utf8), [0xEE, 0xBE], [],
  ]

  @Test(arguments: names)
  func textGivesTheBytesBack(bytes: [UInt8]) {
    #expect(PathText.bytes(of: PathText.text(of: bytes)) == bytes)
  }

  @Test func anyBytesComeBackAndNoTwoBecomeOne() {
    var generator = SeededGenerator(seed: 5)
    var texts: [[UInt8]: [UInt8]] = [:]
    for _ in 0..<20_000 {
      let bytes =
        (0..<Int.random(in: 0...4, using: &generator)).map { _ in
          [0x41, 0x80, 0xBE, 0xC3, 0xE9, 0xEE, 0xEF, 0xF0, 0xFF].randomElement(using: &generator)!
        } as [UInt8]
      let text = PathText.text(of: bytes)
      #expect(PathText.bytes(of: text) == bytes)
      #expect(texts.updateValue(bytes, forKey: Array(text.utf8)) ?? bytes == bytes)
    }
  }

  @Test func bytesThatAreNoTextAreEscapedInJSON() throws {
    let text = PathText.text(of: [0x63, 0x61, 0x66, 0xE9])
    let json = JSONText.string(text).description
    #expect(json == #""caf\uEFE9""#)
    #expect(try JSONDecoder().decode(String.self, from: Data(json.utf8)) == text)
  }

  /// To `Character`, none of these names begins after a slash.
  @Test(arguments: ["\u{301}accent", "\u{1F3FD}skin", "\u{200D}joiner", "\u{FE0F}selector"])
  func aSlashEndsANameWhateverFollows(name: String) throws {
    #expect(PathText.name(of: "/a/b/\(name).jpg") == "\(name).jpg")
    #expect(PathText.folder(of: "/a/b/\(name).jpg") == "/a/b")
    #expect(PathText.below("/a/b", "/a/b/\(name).jpg") == "\(name).jpg")
    #expect(PathText.withoutEnding("/a/\(name).jpg") == "/a/\(name)")
    try withTemporaryFolder { folder in
      let path = "\(folder)/in/\(name)/\(name)"
      try Files.createFolder(PathText.folder(of: path))
      try Files.write(Data([1]), to: path)
      #expect(try Files.read(path) == Data([1]))
      #expect(Files.size(of: path) == 1)
    }
  }

  @Test func parts() {
    for (path, folder, name) in [
      ("a/b", "a", "b"), ("a", "", "a"), ("/a", "/", "a"), ("a//b", "a", "b"), ("", "", ""),
      ("/", "/", ""),
    ] {
      #expect(PathText.folder(of: path) == folder, "\(path)")
      #expect(PathText.name(of: path) == name, "\(path)")
    }
    for (path, ending, rest) in [
      ("a.b/c.JPG", "jpg", "a.b/c"), ("a.b/c", "", "a.b/c"), (".hidden", "", ".hidden"),
      ("x.", "", "x"), ("a/.b.png", "png", "a/.b"),
    ] {
      #expect(PathText.ending(of: path) == ending, "\(path)")
      #expect(PathText.withoutEnding(path) == rest, "\(path)")
    }
    #expect(PathText.join("/a", "b") == "/a/b")
    #expect(PathText.join("/a", "/b") == "/b")
    #expect(PathText.below("/a", "/ab") == "/ab")
  }

  @Test func filesOfAnyNameAreWrittenAndRead() throws {
    try withTemporaryFolder { folder in
      let long = String(repeating: "n", count: 255)
      let names = Self.names.filter { !$0.isEmpty }.map { PathText.text(of: $0) } + [long]
      for (index, name) in names.enumerated() {
        try Files.write(Data([UInt8(index)]), to: "\(folder)/\(name)")
      }
      for (index, name) in names.enumerated() {
        #expect(try Files.read("\(folder)/\(name)") == Data([UInt8(index)]))
      }
      let part = try PartFile(path: "\(folder)/\(long)")
      try part.write("whole")
      try part.publish()
      #expect(try Files.read("\(folder)/\(long)") == Data("whole".utf8))
    }
  }
}
