internal import Foundation
package import Support

/// What a file's column `sha256` holds: SHA-256 of one line "hash, two spaces, name, newline" a column, in
/// the order of their names, the hash being that of the column's bytes in hex.
package struct ColumnHashes {
  private var columns: [String: SHA256] = [:]

  package init() {}

  /// Adds bytes to a column, which they follow; to `sha256` itself nothing is added.
  package mutating func add(_ bytes: UnsafeRawBufferPointer, to column: String) {
    if column == ExportColumn.sha256.rawValue { return }
    let hash = columns[column] ?? SHA256()
    if bytes.count > 0 { hash.update(bytes) }
    columns[column] = hash
  }

  mutating func add(_ bytes: [UInt8], to column: String) {
    bytes.withUnsafeBytes { add($0, to: column) }
  }

  /// Of the columns so far.
  package var hex: String {
    let lines = columns.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
      .map { "\($1.hex)  \($0)\n" }
    return Fingerprint.data(Data(lines.joined().utf8))
  }

  /// The 32 bytes of a hash of 64 hex digits.
  static func bytes(_ hex: String) -> [UInt8] {
    precondition(hex.utf8.count == 64, "not a SHA-256")
    let digits = hex.utf8.map { UInt8($0 > 57 ? ($0 | 32) - 87 : $0 - 48) }
    return stride(from: 0, to: 64, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
  }

  /// 32 bytes as 64 hex digits; nil for zeros, which stand for what is not known.
  package static func hex(_ bytes: some Collection<UInt8>) -> String? {
    guard bytes.contains(where: { $0 != 0 }) else { return nil }
    let digits = Array("0123456789abcdef".utf8)
    return String(
      decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }
}
