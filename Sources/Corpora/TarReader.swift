import Support

#if canImport(Glibc)
  import Glibc
#endif

/// Where the files in a tar are: its headers are read, and the content is not.
///
/// POSIX.1-1988's `ustar`, POSIX.1-2001's `pax` (names and sizes), and GNU's long names and sizes.
struct TarReader {
  /// A file in the tar.
  struct Member {
    let name: String
    /// Of the content, in bytes.
    let offset, length: Int
  }

  private static let block = 512

  private let path: String
  private let file: OpenFile
  private var position = 0
  private let size: Int

  /// - Throws: `InputError` for a file that is missing, or packed.
  init(_ path: String) throws(InputError) {
    self.path = path
    file = try OpenFile(path, O_RDONLY)
    size = Files.size(of: path) ?? 0
    if try bytes(at: 0, 2) == [0x1F, 0x8B] {
      throw InputError(
        .badData, "a tar packed by gzip, whose members cannot be reached one by one", at: path,
        hint: "unpack it with gunzip")
    }
  }

  /// The next file; nil after the last. What is no file, such as a folder or a link, is passed over.
  ///
  /// - Throws: `InputError` that names the place of a header that is none, or is cut off.
  mutating func next() throws(InputError) -> Member? {
    var longName: [UInt8]?
    var longSize: Int?
    while position < size {
      let header = try bytes(at: position, Self.block)
      guard header.count == Self.block else { throw fault("a header that is cut off") }
      // The end; more of them may follow.
      if header.allSatisfy({ $0 == 0 }) { return nil }
      guard Self.number(header[148..<156]) == Self.checksum(header),
        let stated = Self.number(header[124..<136])
      else { throw fault("not the header of a file in a tar") }
      let length = longSize ?? stated
      let offset = position + Self.block
      position = offset + (length + Self.block - 1) / Self.block * Self.block
      switch header[156] {
      case UInt8(ascii: "L"):
        longName = Array(try bytes(at: offset, length).prefix { $0 != 0 })
      case UInt8(ascii: "x"):
        let records = Self.records(try bytes(at: offset, length))
        longName = records["path"].map { Array($0.prefix { $0 != 0 }) } ?? longName
        longSize = records["size"].flatMap { Int(String(decoding: $0, as: UTF8.self)) }
        if let size = longSize, !(0..<1 << 56 ~= size) { throw fault("not the size of a file") }
      case UInt8(ascii: "0"), UInt8(ascii: "7"), 0:
        return Member(
          name: PathText.text(of: longName ?? Self.name(header)), offset: offset, length: length)
      case UInt8(ascii: "g"), UInt8(ascii: "K"): break
      default: (longName, longSize) = (nil, nil)
      }
    }
    return nil
  }

  private func fault(_ what: String) -> InputError {
    InputError(.badData, what, at: "\(path) at byte \(position)")
  }

  /// Fewer at the end of the file.
  private func bytes(at offset: Int, _ count: Int) throws(InputError) -> [UInt8] {
    // What a header says may be anything.
    let count = min(count, max(0, size - offset), 1 << 20)
    return try Files.bytes(file.descriptor, at: offset, count: count, path: path)
  }

  /// Octal digits, or by GNU a number of bytes after a first bit; nil for neither.
  private static func number(_ field: ArraySlice<UInt8>) -> Int? {
    guard let first = field.first else { return nil }
    if first & 0x80 != 0 {
      guard first == 0x80, field.dropFirst().dropLast(7).allSatisfy({ $0 == 0 }) else { return nil }
      return field.suffix(7).reduce(0) { $0 << 8 | Int($1) }
    }
    let digits = field.drop { $0 == 0x20 }.prefix { $0 != 0 && $0 != 0x20 }
    guard digits.allSatisfy({ (0x30...0x37).contains($0) }) else { return nil }
    return digits.reduce(0) { $0 << 3 | Int($1 & 7) }
  }

  /// With spaces in its own place.
  private static func checksum(_ header: [UInt8]) -> Int {
    header.enumerated().reduce(0) { sum, byte in
      sum + (148..<156 ~= byte.offset ? 0x20 : Int(byte.element))
    }
  }

  private static func name(_ header: [UInt8]) -> [UInt8] {
    func text(_ range: Range<Int>) -> [UInt8] { Array(header[range].prefix { $0 != 0 }) }
    // GNU's header has other things where ustar has the first part of a name.
    let isPOSIX = header[257..<263].elementsEqual("ustar\0".utf8)
    let start = isPOSIX ? text(345..<500) : []
    return start.isEmpty ? text(0..<100) : start + [UInt8(ascii: "/")] + text(0..<100)
  }

  /// A pax header: lines of a length, a space, a key, "=" and a value.
  private static func records(_ bytes: [UInt8]) -> [String: [UInt8]] {
    var records: [String: [UInt8]] = [:]
    var rest = bytes[...]
    while let space = rest.firstIndex(of: 0x20),
      let length = Int(String(decoding: rest[..<space], as: UTF8.self)),
      length > space - rest.startIndex + 1, length <= rest.count
    {
      let line = rest[(space + 1)..<(rest.startIndex + length - 1)]
      if let equals = line.firstIndex(of: UInt8(ascii: "=")) {
        records[String(decoding: line[..<equals], as: UTF8.self)] = Array(line[(equals + 1)...])
      }
      rest = rest.dropFirst(length)
    }
    return records
  }
}
