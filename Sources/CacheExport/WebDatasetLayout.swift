internal import Cache
internal import Support

/// `000000.tar`: for each image `ID.json`, `ID.boxes.npy`, `ID.scores.npy` and `ID.vectors.npy`, in
/// the POSIX ustar format.
struct WebDatasetLayout: ExportLayout {
  let dimension: Int

  private static let block = 512

  func name(_ number: Int) -> String { "\(digits(number, 6)).tar" }

  func size(of row: ImageRow) -> Int {
    // Four headers, three of them of arrays with headers of their own, and the JSON.
    let arrays = [16, 4, 2 * dimension].map { Self.padded(128 + row.rows * $0) }
    return 5 * Self.block + arrays.reduce(0, +)
  }

  func write(
    _ images: [ImageLocation], to file: PartFile,
    read: (ImageLocation) throws(InputError) -> HalfRecord
  ) throws(InputError) {
    for image in images {
      let record = try read(image)
      let key = digits(record.imageID, 12)
      let regions = record.scores.count
      var about: [String: JSONValue] = [
        "id": .integer(Int64(record.imageID)), "width": .integer(Int64(record.width)),
        "height": .integer(Int64(record.height)), "status": .string(record.status.rawValue),
        "regions": .integer(Int64(regions)),
      ]
      if let error = record.error { about["error"] = .string(error) }
      try add("\(key).json", Array(JSONValue.object(about).canonical.utf8), to: file)
      try add(
        "\(key).boxes.npy",
        NumPyFile.header(type: "<f4", shape: [regions, 4]) + Bytes.of(record.boxes), to: file)
      try add(
        "\(key).scores.npy",
        NumPyFile.header(type: "<f4", shape: [regions]) + Bytes.of(record.scores), to: file)
      try add(
        "\(key).vectors.npy",
        NumPyFile.header(type: "<f2", shape: [regions, dimension]) + Bytes.of(record.vectors),
        to: file)
    }
    // Two empty blocks end an archive.
    try file.write([UInt8](repeating: 0, count: 2 * Self.block))
  }

  private func add(_ name: String, _ content: [UInt8], to file: PartFile) throws(InputError) {
    try file.write(Self.header(name, size: content.count))
    try file.write(content)
    try file.write([UInt8](repeating: 0, count: Self.padded(content.count) - content.count))
  }

  private static func padded(_ size: Int) -> Int { (size + block - 1) / block * block }

  /// A member's header: a regular file that everybody may read, of no owner and no time.
  private static func header(_ name: String, size: Int) -> [UInt8] {
    var header = [UInt8](repeating: 0, count: block)
    func put(_ text: String, at offset: Int) {
      header.replaceSubrange(offset..<offset + text.utf8.count, with: Array(text.utf8))
    }
    func octal(_ number: Int, _ width: Int) -> String {
      let digits = String(number, radix: 8)
      precondition(digits.count <= width, "an image of more than 8 GiB")
      return String(repeating: "0", count: width - digits.count) + digits
    }
    put(name, at: 0)
    put(octal(0o644, 7), at: 100)
    put(octal(0, 7), at: 108)
    put(octal(0, 7), at: 116)
    put(octal(size, 11), at: 124)
    put(octal(0, 11), at: 136)
    put("0", at: 156)
    put("ustar\0" + "00", at: 257)
    // The checksum is that of a header with blanks in its place.
    put(String(repeating: " ", count: 8), at: 148)
    put(octal(header.reduce(0) { $0 + Int($1) }, 6) + "\0 ", at: 148)
    return header
  }
}
