internal import Support

/// One image's row in a block's image table.
package struct ImageRow: Equatable, Sendable {
  package var imageID: Int
  /// The image's regions are `firstRow ..< firstRow + rows` of the block.
  var firstRow: Int
  package var rows: Int
  package var status: ImageStatus
  var width: Int
  var height: Int
  package var error: String?
  /// SHA-256 of the image's file in hex, where it is known.
  package var content: String?
}

/// A block's first column: 32 bytes an image, then the error texts in the same order.
enum ImageTable {
  static let rowSize = 32

  /// The table's bytes.
  static func bytes(_ rows: [ImageRow]) -> [UInt8] {
    var table: [UInt8] = []
    for row in rows {
      table += Bytes.of([Int64(row.imageID)])
      table += Bytes.of([
        UInt32(row.firstRow), UInt32(row.rows), row.status.code, UInt32(row.width),
        UInt32(row.height), UInt32(text(row.error, row.content).utf8.count),
      ])
    }
    for row in rows { table += Array(text(row.error, row.content).utf8) }
    return table
  }

  /// The text of a row: the error, and in a line of its own the hash of the image's file.
  static func text(_ error: String?, _ content: String?) -> String {
    (error ?? "") + (content.map { "\n\($0)" } ?? "")
  }

  /// The error and the hash that a text holds.
  private static func parts(_ text: String) -> (error: String, content: String?) {
    guard let end = text.lastIndex(of: "\n") else { return (text, nil) }
    let content = text[text.index(after: end)...]
    guard content.utf8.count == 64, content.allSatisfy(\.isHexDigit) else { return (text, nil) }
    return (String(text[..<end]), String(content))
  }

  /// The rows of a table of `images` images over `regions` regions; nil where it contradicts itself.
  static func rows(_ table: [UInt8], images: Int, regions: Int) -> [ImageRow]? {
    guard images >= 0, images <= table.count / rowSize else { return nil }
    var rows: [ImageRow] = []
    var nextRow = 0
    var text = images * rowSize
    for image in 0..<images {
      let start = image * rowSize
      let words = (0..<6).map {
        Int(Bytes.load(table, at: start + 8 + 4 * $0, as: UInt32.self))
      }
      guard let status = ImageStatus(code: UInt32(words[2])), words[0] == nextRow,
        (status == .ok) == (words[1] > 0), text + words[5] <= table.count
      else { return nil }
      nextRow += words[1]
      let (error, content) = parts(
        String(decoding: table[text..<text + words[5]], as: UTF8.self))
      text += words[5]
      rows.append(
        ImageRow(
          imageID: Int(Bytes.load(table, at: start, as: Int64.self)), firstRow: words[0],
          rows: words[1], status: status, width: words[3], height: words[4],
          error: status.isFailure ? error : nil, content: content))
    }
    return nextRow == regions && text == table.count ? rows : nil
  }
}
