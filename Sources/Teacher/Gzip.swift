import Foundation
import Support

/// Files compressed by gzip.
enum Gzip {
  /// The unpacked content of a file, at most 64 MiB.
  ///
  /// - Throws: `InputError` for a file that is missing, not gzip, damaged, cut short or too large.
  static func read(_ path: String) throws(InputError) -> Data {
    let stream = try ByteStream(path: path)
    guard stream.isPacked else {
      throw InputError(
        .badData, "the file is damaged or not gzip", at: path, expected: "a gzip file")
    }
    return try stream.readAll(limit: 64 << 20)
  }
}
