/// What a file's first bytes say it is where it is no text in UTF-8.
package enum TextForm {
  private static let marks: [(bytes: [UInt8], name: String)] = [
    ([0xFF, 0xFE, 0, 0], "text in UTF-32"), ([0, 0, 0xFE, 0xFF], "text in UTF-32"),
    ([0xFF, 0xFE], "text in UTF-16"), ([0xFE, 0xFF], "text in UTF-16"),
    ([0x50, 0x4B, 3, 4], "a zip archive"), ([0x42, 0x5A, 0x68], "a bzip2 file"),
    ([0xFD, 0x37, 0x7A, 0x58], "an xz file"), ([0x28, 0xB5, 0x2F, 0xFD], "a zstd file"),
  ]

  /// - Parameter head: at least four bytes, or the whole file.
  /// - Throws: `InputError` (`badData`) that names the encoding or the packing.
  package static func check(
    _ head: some Collection<UInt8>, at path: String
  ) throws(InputError) {
    var name = marks.first { head.starts(with: $0.bytes) }?.name
    // Text begins with a character of ASCII: a zero beside it is half of a wider one.
    if name == nil, head.prefix(2).count == 2, head.prefix(2).contains(0) {
      name = "text in UTF-16, or no text"
    }
    guard let name else { return }
    throw InputError(
      .badData, "not text in UTF-8", at: path, expected: "UTF-8, as it is or packed by gzip",
      got: name, hint: name.hasPrefix("text") ? "save it as UTF-8" : "unpack it")
  }
}
