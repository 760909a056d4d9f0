package import Foundation

#if canImport(Glibc)
  import Glibc
#endif

/// A file read once, from front to back: a regular file, a pipe, `<(...)`. What gzip packed, known by
/// its first bytes, is unpacked on the way.
package final class ByteStream {
  private let path: String
  /// Has been read from where it is a stream; otherwise other reads find it whole.
  package let file: OpenFile
  /// Whether the file itself may be read at any place instead.
  package let isPlainFile: Bool
  /// Bytes that told what the file is.
  private var head: [UInt8] = []
  private var gzip: GzipStream?

  /// Whether it is unpacked.
  package var isPacked: Bool { gzip != nil }

  /// - Throws: `InputError` for a file that is missing, a folder, or cannot be read.
  package init(path: String) throws(InputError) {
    self.path = path
    file = try OpenFile(path, O_RDONLY)
    var status = stat()
    guard fstat(file.descriptor, &status) == 0 else { throw .system("cannot read", at: path) }
    if status.st_mode & S_IFMT == S_IFDIR {
      throw InputError(.missingInput, "cannot read", at: path, expected: "a file", got: "a folder")
    }
    let signature = GzipStream.signature
    while head.count < signature.count {
      let more = try Self.bytes(of: file, path, signature.count - head.count)
      if more.isEmpty { break }
      head += more
    }
    gzip = head == signature ? GzipStream(path: path) : nil
    isPlainFile = gzip == nil && status.st_mode & S_IFMT == S_IFREG
  }

  /// The next bytes: at most `count`, above zero; none at the end.
  ///
  /// - Throws: `InputError`, also for a gzip file that is damaged or cut short.
  package func read(_ count: Int) throws(InputError) -> [UInt8] {
    guard let gzip else { return try stored(count) }
    return try gzip.read(count) { () throws(InputError) in try stored(1 << 16) }
  }

  /// All that is left.
  ///
  /// - Parameter limit: the most bytes; what a small gzip file unpacks to has no bound of its own.
  package func readAll(limit: Int = 1 << 30) throws(InputError) -> Data {
    var data = Data()
    while true {
      let part = try read(1 << 16)
      if part.isEmpty { return data }
      data.append(contentsOf: part)
      guard data.count <= limit else {
        throw InputError(
          .badData, "the file is too large", at: path,
          expected: "at most \(limit >> 20) MiB"
            + (isPacked ? " when unpacked" : ""))
      }
    }
  }

  /// A copy of all that is left in a file without a name, which goes when its owner does: in the
  /// folder that TMPDIR names.
  ///
  /// - Throws: `InputError`, also for a full disk.
  package func copied() throws(InputError) -> OpenFile {
    let temporary = FileManager.default.temporaryDirectory.path
    let place = "\(temporary)/vild-\(UUID().uuidString)"
    let action = "cannot keep the unpacked content of \(path)"
    let copy = try OpenFile(place, O_RDWR | O_CREAT | O_EXCL, mode: 0o600, or: action)
    unlink(place)
    while true {
      let part = try read(1 << 20)
      if part.isEmpty { return copy }
      try Files.writeAll(Data(part), to: copy.descriptor, path: temporary)
    }
  }

  private func stored(_ count: Int) throws(InputError) -> [UInt8] {
    guard head.isEmpty else {
      defer { head.removeFirst(min(count, head.count)) }
      return Array(head.prefix(count))
    }
    return try Self.bytes(of: file, path, count)
  }

  private static func bytes(
    of file: OpenFile, _ path: String, _ count: Int
  ) throws(InputError) -> [UInt8] {
    var failed = false
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { output, filled in
      var got = Glibc.read(file.descriptor, output.baseAddress!, count)
      while got < 0 && errno == EINTR {
        got = Glibc.read(file.descriptor, output.baseAddress!, count)
      }
      failed = got < 0
      filled = max(0, got)
    }
    if failed { throw .system("cannot read", at: path) }
    return bytes
  }
}

extension Files {
  /// The text at `path` in UTF-8, of a pipe as well, unpacked where gzip packed it, without a byte
  /// order mark.
  ///
  /// - Parameter what: what it should be, as "a list of images".
  /// - Throws: `InputError`, also for text in another encoding, which it names where the first bytes
  ///   tell.
  public static func readText(_ path: String, as what: String) throws(InputError) -> String {
    let data = try ByteStream(path: path).readAll()
    try TextForm.check(data.prefix(4), at: path)
    guard let text = String(validating: data, as: UTF8.self) else {
      throw InputError(.badData, "not \(what)", at: path, expected: "text in UTF-8")
    }
    return text.first == "\u{FEFF}" ? String(text.dropFirst()) : text
  }
}
