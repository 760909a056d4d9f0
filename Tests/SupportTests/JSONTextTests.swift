import Foundation
import Support
import Testing

@Suite struct JSONTextTests {
  @Test(arguments: ["", "plain", "a\"b\\c", "line\nend", "\u{0}\u{1}\u{1F}", "ü漢😀", "\u{2028}/"])
  func stringsReadBack(text: String) throws {
    let line = JSONText.object([(text, .array([.string(text)]))]).description
    let read = try JSONDecoder().decode([String: [String]].self, from: Data(line.utf8))
    #expect(read == [text: [text]])
    #expect(!line.contains("\n") && !line.unicodeScalars.contains { $0.value < 0x20 })
  }

  @Test func numbersAreFiniteOrNull() {
    let values: [JSONText] = [
      .number(-3), .number(0.1), .number(Float(0.1)), .number(1e-7), .number(Double.nan),
      .number(Double.infinity), .number(-Float.infinity), .number(Float.nan), .null,
    ]
    #expect(JSONText.array(values).description == "[-3,0.1,0.1,1e-07,null,null,null,null,null]")
  }

  @Test func membersKeepTheirOrder() {
    let missing: String? = nil
    let line = JSONText.object([
      ("b", .number(1)), ("a", .object([])), ("none", missing.map(JSONText.string)),
      ("null", .null),
    ])
    #expect("\(line)" == #"{"b":1,"a":{},"null":null}"#)
  }

  @Test func documentsAreSorted() throws {
    let value = ["b": ["x/y"], "a": []]
    let line = String(decoding: try JSONDocument.line(value), as: UTF8.self)
    #expect(line == #"{"a":[],"b":["x/y"]}"#)
    let pretty = String(decoding: try JSONDocument.pretty(value), as: UTF8.self)
    #expect(pretty.hasPrefix("{\n  \"a\" : [") && pretty.hasSuffix("\n}"))
    #expect(throws: EncodingError.self) { try JSONDocument.line([Double.nan]) }
  }
}

@Suite struct CountedNounTests {
  @Test func oneOrMore() {
    #expect(1.counted("image") == "1 image" && 2.counted("image") == "2 images")
    #expect(0.counted("category") == "0 categories" && 1.counted("category") == "1 category")
    #expect(3.counted("box") == "3 boxes" && 3.counted("class") == "3 classes")
    #expect(12.counted("train image") == "12 train images" && 5.counted("day") == "5 days")
    #expect(1.counted("image is", "images are") == "1 image is")
    #expect(0.counted("image is", "images are") == "0 images are")
  }
}
