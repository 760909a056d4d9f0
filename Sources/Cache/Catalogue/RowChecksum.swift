internal import Foundation
package import GRDB
internal import Support

/// What a row of the catalogue is written with, so that a changed byte in a page that SQLite takes
/// for sound is noticed: the first 64 bits of the `Checksum` of its other columns.
///
/// A column counts as one byte for its type (0 NULL, 1 INTEGER, 2 REAL, 3 TEXT, 4 BLOB) and eight,
/// little-endian: the number, or the number of the bytes that follow.
package enum RowChecksum {
  /// - Parameter values: the columns but the checksum, in their order.
  package static func of(_ values: some Sequence<DatabaseValue>) -> Int64 {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(256)
    func add(_ type: UInt8, _ number: UInt64) {
      bytes.append(type)
      withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
    }
    for value in values {
      switch value.storage {
      case .null: add(0, 0)
      case .int64(let number): add(1, UInt64(bitPattern: number))
      case .double(let number): add(2, number.bitPattern)
      case .string(let text):
        add(3, UInt64(text.utf8.count))
        bytes.append(contentsOf: text.utf8)
      case .blob(let data):
        add(4, UInt64(data.count))
        bytes.append(contentsOf: data)
      }
    }
    return Int64(bitPattern: bytes.withUnsafeBytes { Checksum($0).leading })
  }

  /// `row_checksum(a, b, ...)` in SQL, for whoever changes many rows at once.
  package static let function = DatabaseFunction("row_checksum", pure: true) { RowChecksum.of($0) }
}
