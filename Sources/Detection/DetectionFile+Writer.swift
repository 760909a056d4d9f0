import Foundation
public import Support

#if canImport(Glibc)
  import Glibc
#endif

extension DetectionFile {
  /// Appends one run's images, across as many kills and restarts as it takes.
  ///
  /// Every appended image survives the end of the process at once, and a power cut after the next
  /// sync, which happens every few images.
  public final class Writer {
    /// Ids of the images in the file, failed ones too; memory grows with nothing else.
    public private(set) var done = Set<Int>()
    /// How many of them failed.
    public private(set) var failures = 0
    private let path: String
    private let names: [String]
    private let file: OpenFile
    /// Bytes of whole lines.
    private var length = 0
    private var unsynced = 0

    private static let imagesPerSync = 16

    /// Makes the file, or continues it: a last line without an end is cut off.
    ///
    /// - Throws: `InputError` when the file is another run's (`badData`), is being written by
    ///   another process (`tryAgain`), is malformed or cannot be written.
    public init(path: String, header: Header) throws(InputError) {
      self.path = path
      names = header.categories.map(\.jsonLiteral)
      file = try OpenFile(path, O_RDWR | O_CREAT, or: "cannot write")
      guard try file.lock(LOCK_EX, path: path) else {
        throw InputError(
          .tryAgain, "another process is writing this file", at: path,
          hint: "wait until it has ended")
      }
      try resume(header)
    }

    /// Adds an image and what became of it.
    ///
    /// - Precondition: the image is not in `done`.
    /// - Throws: `InputError` (`tryAgain` on a full disk); the file then ends with the image before.
    public func append(_ row: Row) throws(InputError) {
      precondition(!done.contains(row.id), "an image is written once")
      try write(row.line(names: names))
      done.insert(row.id)
      if case .failed = row.outcome { failures += 1 }
      unsynced += 1
      if unsynced >= Self.imagesPerSync { try sync() }
    }

    /// Makes all that was appended survive a power cut; to be called at the end.
    public func sync() throws(InputError) {
      guard fsync(file.descriptor) == 0 else { throw .system("cannot write", at: path) }
      unsynced = 0
    }

    private func resume(_ header: Header) throws(InputError) {
      var lines = LineScanner(file.descriptor, path: path)
      if let line = try lines.next() {
        try check(Header(line: line, path: path), is: header)
      } else {
        // Killed within the first line; anything else is somebody's file, and stays.
        guard Data(header.line.utf8).starts(with: lines.remainder) else { throw foreign(path) }
        try cut(to: 0)
        try write(header.line)
        try sync()
        try Files.syncFolder(of: path)
        return
      }
      struct Fields: Decodable {
        var id: Int
        var status: String
      }
      while let line = try lines.next() {
        let place = "\(path) line \(lines.lineNumber)"
        let fields = try decode(Fields.self, from: line, at: place)
        guard done.insert(fields.id).inserted else { throw repeated(fields.id, at: place) }
        if fields.status != "ok" { failures += 1 }
      }
      try cut(to: lines.offset)
    }

    private func check(_ found: Header, is header: Header) throws(InputError) {
      guard found == header else {
        throw InputError(
          .badData, "the file holds the detections of another run", at: path,
          expected: "fingerprint \(header.fingerprint) of \(header.categories.count) categories",
          got: "\(found.fingerprint) of \(found.categories.count)",
          hint: "move it away or write to another path")
      }
    }

    private func write(_ line: String) throws(InputError) {
      let data = Data(line.utf8)
      do throws(InputError) {
        try Files.writeAll(data, to: file.descriptor, path: path)
      } catch {
        try? cut(to: length)
        throw error
      }
      length += data.count
    }

    /// Drops what follows the first `length` bytes, and goes on there.
    private func cut(to length: Int) throws(InputError) {
      guard ftruncate(file.descriptor, length) == 0,
        lseek(file.descriptor, length, SEEK_SET) == length
      else {
        throw .system("cannot write", at: path)
      }
      self.length = length
    }
  }
}
