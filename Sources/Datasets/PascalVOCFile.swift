import Foundation
import FoundationXML
import Support

/// One image's annotations as Pascal VOC writes them.
struct PascalVOCFile {
  struct Object {
    var name: String
    /// Left, top, width, height in pixels.
    var bbox: [Double]
    var isDifficult: Bool
  }

  /// Below the folder of images.
  let fileName: String
  /// In pixels.
  let width, height: Int
  let objects: [Object]

  /// - Throws: `InputError` that names the file and the element, `object[2].bndbox.xmin`.
  init(path: String) throws(InputError) {
    let root = try Self.annotation(path)
    func fault(_ what: String, _ place: String, _ expected: String, _ got: String? = nil)
      -> InputError
    {
      InputError(.badData, what, at: "\(path): \(place)", expected: expected, got: got)
    }
    func number(_ element: Element, _ name: String, _ place: String) throws(InputError) -> Double {
      guard let text = element.child(name)?.text else {
        throw fault("the element '\(name)' is missing", place, "a number")
      }
      guard let value = Double(text), abs(value) < 1e9 else {
        throw fault("wrong value", "\(place).\(name)", "a number", "'\(text)'")
      }
      return value
    }
    // Boxes need no size, and some programs write none, or zeros.
    let size = root.child("size")
    func side(_ name: String) throws(InputError) -> Int {
      guard let size, let text = size.child(name)?.text, !text.isEmpty else { return 0 }
      return Int(try number(size, name, "size"))
    }
    (width, height) = (try side("width"), try side("height"))
    let stem = PathText.withoutEnding(PathText.name(of: path))
    fileName = root.child("filename").map(\.text).flatMap { $0.isEmpty ? nil : $0 } ?? "\(stem).jpg"
    var objects: [Object] = []
    for (index, element) in root.children.filter({ $0.name == "object" }).enumerated() {
      let place = "object[\(index)]"
      guard let name = element.child("name")?.text, !name.isEmpty else {
        throw fault("the element 'name' is missing", place, "a category")
      }
      guard let corners = element.child("bndbox") else {
        throw fault("the element 'bndbox' is missing", place, "a box")
      }
      let box = "\(place).bndbox"
      let (left, top) = (try number(corners, "xmin", box), try number(corners, "ymin", box))
      let (right, bottom) = (try number(corners, "xmax", box), try number(corners, "ymax", box))
      guard right >= left, bottom >= top else {
        throw fault(
          "a box of negative size", box, "xmin up to xmax, ymin up to ymax",
          "\([left, top, right, bottom])")
      }
      objects.append(
        Object(
          name: name, bbox: [left - 1, top - 1, right - left + 1, bottom - top + 1],
          isDifficult: ["1", "true"].contains(element.child("difficult")?.text.lowercased())))
    }
    self.objects = objects
  }

  /// The element that holds all others.
  private static func annotation(_ path: String) throws(InputError) -> Element {
    let data = try Files.read(path)
    if let problem = XMLProblem(encodingOf: data) { throw problem.error(path) }
    let parser = XMLParser(data: data)
    let reader = ElementReader()
    parser.delegate = reader
    let isWhole = parser.parse()
    if let problem = reader.problem { throw problem.error(path) }
    guard isWhole, let root = reader.root.child("annotation") else {
      throw InputError(
        .badData, "not a file of Pascal VOC", at: path, expected: "the element 'annotation'",
        got: reader.root.children.first.map { "'\($0.name)'" } ?? "no element")
    }
    return root
  }
}

/// An XML element with its text, white space at its ends left out.
private final class Element {
  let name: String
  var text = ""
  var children: [Element] = []

  init(_ name: String = "") { self.name = name }

  func child(_ name: String) -> Element? { children.first { $0.name == name } }
}

/// Builds the elements of a small file.
private final class ElementReader: NSObject, XMLParserDelegate {
  let root = Element()
  /// The first thing that is wrong.
  private(set) var problem: XMLProblem?
  private var open: [Element] = []

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?,
    qualifiedName: String?, attributes: [String: String]
  ) {
    let element = Element(name)
    (open.last ?? root).children.append(element)
    open.append(element)
  }

  func parser(_ parser: XMLParser, foundCharacters text: String) { open.last?.text += text }

  func parser(
    _ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?
  ) {
    guard let element = open.popLast() else { return }
    element.text = element.text.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  func parser(_ parser: XMLParser, parseErrorOccurred error: any Error) {
    problem =
      problem
      ?? XMLProblem(
        code: (error as NSError).code, line: parser.lineNumber, column: parser.columnNumber)
  }
}
