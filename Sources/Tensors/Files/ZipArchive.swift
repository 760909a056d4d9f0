import Foundation
import Support

/// The entries of a zip file, found through its central directory; only uncompressed ones can be
/// read, and torch.save writes no others.
///
/// Source: PKWARE's APPNOTE 6.3, sections 4.3 and 4.5.3 (zip64).
struct ZipArchive {
  /// Where the bytes of each entry stand.
  private(set) var entries: [String: Range<Int>] = [:]
  /// The names of those that are compressed or encrypted.
  private(set) var packed: Set<String> = []
  private let bytes: Data
  private let path: String

  private enum Signature {
    static let directoryEnd: UInt32 = 0x0605_4b50
    static let longDirectoryEnd: UInt32 = 0x0606_4b50
    static let longDirectoryEndLocator: UInt32 = 0x0706_4b50
    static let directoryEntry: UInt32 = 0x0201_4b50
    static let entry: UInt32 = 0x0403_4b50
  }

  /// - Throws: `InputError` for a damaged directory.
  init(_ bytes: Data, path: String) throws(InputError) {
    self.bytes = bytes
    self.path = path
    var (count, directory) = try findDirectory()
    while count > 0 {
      try readEntry(&directory)
      count -= 1
    }
  }

  /// The number of entries, and the directory that lists them.
  private func findDirectory() throws(InputError) -> (count: UInt64, directory: ByteReader) {
    // A comment of at most 65,535 bytes may follow the 22 of the record.
    var start = bytes.count - 22
    while true {
      guard start >= max(0, bytes.count - 22 - 0xffff) else {
        throw bad("the zip file has no directory", hint: "is it cut short?")
      }
      var record = ByteReader(bytes, start..<bytes.count, path: path)
      if try record.integer(UInt32.self) == Signature.directoryEnd {
        _ = try record.take(6)
        let count = try record.integer(UInt16.self)
        let (size, offset) = (
          try record.integer(UInt32.self), try record.integer(UInt32.self)
        )
        let comment = try record.integer(UInt16.self)
        if Int(comment) == record.left {
          if count == .max || size == .max || offset == .max {
            return try longDirectory(before: start)
          }
          return (UInt64(count), try reader(at: UInt64(offset), size: UInt64(size), before: start))
        }
      }
      start -= 1
    }
  }

  /// The same of a zip64 file, by the record whose place the 20 bytes before `end` tell.
  private func longDirectory(
    before end: Int
  ) throws(InputError) -> (count: UInt64, directory: ByteReader) {
    guard end >= 20 else { throw bad("the zip file has no directory") }
    var locator = ByteReader(bytes, end - 20..<end, path: path)
    guard try locator.integer(UInt32.self) == Signature.longDirectoryEndLocator else {
      throw bad("the zip64 directory is damaged")
    }
    _ = try locator.take(4)
    var record = try reader(at: try locator.integer(), size: 56, before: end)
    guard try record.integer(UInt32.self) == Signature.longDirectoryEnd else {
      throw bad("the zip64 directory is damaged")
    }
    _ = try record.take(28)
    let (count, size) = (try record.integer(UInt64.self), try record.integer(UInt64.self))
    return (count, try reader(at: try record.integer(), size: size, before: end))
  }

  private func reader(at offset: UInt64, size: UInt64, before end: Int) throws(InputError)
    -> ByteReader
  {
    guard size <= UInt64(end), offset <= UInt64(end) - size else {
      throw bad("the zip directory lies outside the file", hint: "is it cut short?")
    }
    return ByteReader(bytes, Int(offset)..<Int(offset + size), path: path)
  }

  private mutating func readEntry(_ directory: inout ByteReader) throws(InputError) {
    guard try directory.integer(UInt32.self) == Signature.directoryEntry else {
      throw bad("the zip directory is damaged")
    }
    _ = try directory.take(4)
    let flags = try directory.integer(UInt16.self)
    let method = try directory.integer(UInt16.self)
    _ = try directory.take(8)
    var compressed = UInt64(try directory.integer(UInt32.self))
    var size = UInt64(try directory.integer(UInt32.self))
    let nameLength = Int(try directory.integer(UInt16.self))
    let extraLength = Int(try directory.integer(UInt16.self))
    let commentLength = Int(try directory.integer(UInt16.self))
    _ = try directory.take(8)
    var offset = UInt64(try directory.integer(UInt32.self))
    let name = try directory.text(nameLength)
    var extra = ByteReader(bytes, try directory.take(extraLength), path: path)
    _ = try directory.take(commentLength)

    while extra.left >= 4 {
      let kind = try extra.integer(UInt16.self)
      var field = ByteReader(bytes, try extra.take(Int(try extra.integer(UInt16.self))), path: path)
      guard kind == 1 else { continue }
      if size == UInt32.max { size = try field.integer() }
      if compressed == UInt32.max { compressed = try field.integer() }
      if offset == UInt32.max { offset = try field.integer() }
    }
    guard entries[name] == nil, !packed.contains(name) else {
      throw bad("the entry '\(shown(name))' is there twice")
    }
    guard method == 0, compressed == size, flags & 1 == 0 else {
      packed.insert(name)
      return
    }
    entries[name] = try content(of: name, at: offset, size: size)
  }

  /// - Throws: `InputError` naming an entry that is compressed or encrypted.
  func requirePlain() throws(InputError) {
    guard let name = packed.min() else { return }
    throw bad(
      "the entry '\(shown(name))' is compressed or encrypted",
      hint: "torch.save writes plain entries; was the file zipped again?")
  }

  /// Where an entry's bytes stand, behind its own header.
  private func content(
    of name: String, at offset: UInt64, size: UInt64
  ) throws(InputError) -> Range<Int> {
    guard offset < UInt64(bytes.count) else {
      throw bad("the entry '\(shown(name))' lies outside the file", hint: "is it cut short?")
    }
    var header = ByteReader(bytes, Int(offset)..<bytes.count, path: path)
    guard try header.integer(UInt32.self) == Signature.entry else {
      throw bad("the header of the entry '\(shown(name))' is damaged")
    }
    _ = try header.take(22)
    let lengths = (try header.integer(UInt16.self), try header.integer(UInt16.self))
    _ = try header.take(Int(lengths.0) + Int(lengths.1))
    guard size <= UInt64(header.left) else {
      throw bad("the entry '\(shown(name))' lies outside the file", hint: "is it cut short?")
    }
    return try header.take(Int(size))
  }

  private func bad(_ what: String, hint: String? = nil) -> InputError {
    InputError(.badData, what, at: path, hint: hint)
  }
}
