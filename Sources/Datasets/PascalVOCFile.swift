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
    let parser = XMLParser(data: try Files.read(path))
    let reader = ElementReader()
    parser.delegate = reader
    guard parser.parse() else {
      throw InputError(
        .badData, "malformed XML", at: "\(path) line \(parser.lineNumber)",
        got: PathText.name(of: path))
    }
    let root = reader.root.child("annotation") ?? Element()
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
    guard let size = root.child("size") else {
      throw fault("the element 'size' is missing", "annotation", "width and height")
    }
    (width, height) = (
      Int(try number(size, "width", "size")), Int(try number(size, "height", "size"))
    )
    guard width > 0, height > 0 else {
      throw fault(
        "an image without pixels", "size", "width and height above 0", "\(width) x \(height)")
    }
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
          isDifficult: element.child("difficult")?.text == "1"))
    }
    self.objects = objects
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
}
