import Foundation
import FoundationXML
import Support

/// CLDR's English names and keywords of characters.
struct CLDRAnnotations {
  /// Of one character, in the file's order: the keywords; empty for a character it has none of.
  private(set) var keywords: [String: [String]] = [:]

  static let version = "41"

  /// - Parameter folder: CLDR's `common`.
  /// - Throws: `InputError`: `missingInput` for no file, `badData` for another version, or for a
  ///   file that is not such XML with the line.
  init(folder: String) throws(InputError) {
    let package = "unicode-cldr-core"
    // The annotations have no version in them; the definition of their form, beside them, has.
    let definition = "\(folder)/dtd/ldml.dtd"
    let found = try EmojiFiles.text(of: definition, package: package)
      .firstMatch(of: /cldrVersion CDATA #FIXED "([^"]*)"/)?.output.1
    guard let found, found == Self.version else {
      throw EmojiFiles.otherVersion(
        definition, expected: "cldrVersion \(Self.version)",
        got: found.map { "cldrVersion \($0)" } ?? "none", package: package)
    }
    let path = "\(folder)/annotations/en.xml"
    try self.init(xml: Data(EmojiFiles.text(of: path, package: package).utf8), path: path)
  }

  init(xml: Data, path: String) throws(InputError) {
    let parser = XMLParser(data: xml)
    let reader = AnnotationReader()
    parser.delegate = reader
    // The parser alone takes a file that is cut off for a whole one.
    guard parser.parse(), parser.parserError == nil, reader.isWhole else {
      throw InputError(
        .badData, "not CLDR's annotations", at: "\(path):\(max(1, parser.lineNumber))",
        expected: "XML with the elements ldml, annotations, annotation")
    }
    keywords = reader.keywords
  }
}

/// Collects the elements `<annotation cp="character">keyword | keyword</annotation>`; those of the
/// type "tts" hold the name, which emoji-test.txt has too.
private final class AnnotationReader: NSObject, XMLParserDelegate {
  private(set) var keywords: [String: [String]] = [:]
  /// Whether there were annotations and the root element has ended.
  private(set) var isWhole = false
  private var hasAnnotations = false
  private var character: String?
  private var text = ""

  func parser(
    _ parser: XMLParser, didStartElement element: String, namespaceURI: String?,
    qualifiedName: String?, attributes: [String: String] = [:]
  ) {
    if element == "annotations" { hasAnnotations = true }
    character = element == "annotation" && attributes["type"] == nil ? attributes["cp"] : nil
    text = ""
  }

  func parser(_ parser: XMLParser, foundCharacters string: String) {
    if character != nil { text += string }
  }

  func parser(
    _ parser: XMLParser, didEndElement element: String, namespaceURI: String?,
    qualifiedName: String?
  ) {
    if element == "ldml" { isWhole = hasAnnotations }
    guard let character else { return }
    keywords[character] = text.split(separator: "|").map {
      $0.trimmingCharacters(in: .whitespaces)
    }
    self.character = nil
  }
}
