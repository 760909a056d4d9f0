import Foundation
public import Support

#if canImport(Glibc)
  import Glibc
#endif

extension DetectionFile {
  /// Appends one run's images, across as many kills and restarts as it takes, and leaves out those
  /// that are not wanted any more.
  ///
  /// Every appended image survives the end of the process at once, and a power cut after the next
  /// sync, which happens every second.
  public final class Writer {
    /// What the file says of its images, in its order; memory grows with nothing else.
    public private(set) var entries: [Entry] = []
    /// Ids of the images in the file, failed ones too.
    public private(set) var done = Set<Int>()
    /// How many of them failed.
    public var failures: Int { entries.count { $0.failure != nil } }
    /// The numbers of lines that were not what had been written; they are dropped.
    public private(set) var damagedLines: [Int] = []
    private let path: String
    private let header: Header
    /// Makes lines.
    public let format: RowFormat
    private var file: OpenFile
    /// Bytes of whole lines.
    private var length = 0
    private var synced = ContinuousClock.now

    private static let timePerSync = Duration.seconds(1)

    /// Makes the file, or continues it: a last line without an end is cut off, and damaged lines are
    /// dropped.
    ///
    /// - Throws: `InputError` when the file is another run's (`badData`), is being written by
    ///   another process (`tryAgain`), is malformed or cannot be written.
    public init(path: String, header: Header) throws(InputError) {
      self.path = path
      self.header = header
      format = RowFormat(header)
      file = try OpenFile(path, O_RDWR | O_CREAT, or: "cannot write")
      try lock(file)
      try resume()
    }

    /// Another writer may have replaced the file between its opening and its locking.
    private func lock(_ file: OpenFile) throws(InputError) {
      var (opened, now) = (stat(), stat())
      guard try file.lock(LOCK_EX, path: path), fstat(file.descriptor, &opened) == 0,
        stat(path, &now) == 0, (opened.st_dev, opened.st_ino) == (now.st_dev, now.st_ino)
      else {
        throw InputError(
          .tryAgain, "another process is writing this file", at: path,
          hint: "wait until it has ended")
      }
    }

    /// Adds an image and what became of it.
    ///
    /// - Precondition: the image is not in `done`.
    /// - Throws: `InputError` (`tryAgain` on a full disk); the file then ends with the image before.
    public func append(_ row: Row) throws(InputError) { try append(format.prepared(row)) }

    /// The same of a line that was made before, perhaps by another thread.
    public func append(_ prepared: PreparedRow) throws(InputError) {
      let row = prepared.row
      precondition(!done.contains(row.id), "an image is written once")
      let offset = length
      try write(prepared.line)
      done.insert(row.id)
      let failure: String? = if case .failed(let reason) = row.outcome { reason } else { nil }
      entries.append(
        Entry(
          image: row.image, id: row.id, content: row.content, failure: failure, offset: offset,
          length: length - offset))
      if ContinuousClock.now - synced >= Self.timePerSync { try sync() }
    }

    /// Makes all that was appended survive a power cut; to be called at the end.
    public func sync() throws(InputError) {
      guard fsync(file.descriptor) == 0 else { throw .system("cannot write", at: path) }
      synced = .now
    }

    /// Makes the file consist of some of its lines, in another order and under other ids: the old
    /// file or the new one is there at any moment.
    ///
    /// - Parameter lines: of `entries`, each once, with ids that are all different.
    /// - Throws: `InputError` (`tryAgain` on a full disk); the file is then as it was.
    public func rewrite(_ lines: [(entry: Entry, id: Int)]) throws(InputError) {
      if lines.map(\.entry) == entries && lines.allSatisfy({ $0.entry.id == $0.id }) { return }
      try replace(by: lines)
    }

    private func replace(by lines: [(entry: Entry, id: Int)]) throws(InputError) {
      // It is locked, and stays so under its new name.
      let part = try Part(of: path)
      do throws(InputError) {
        let (entries, length) = try copy(lines, to: part.file)
        guard fsync(part.file.descriptor) == 0, part.rename(to: path) else {
          throw InputError.system("cannot write", at: path)
        }
        (file, self.entries, self.length) = (part.file, entries, length)
      } catch {
        part.remove()
        throw error
      }
      done = Set(entries.map(\.id))
      synced = .now
      try Files.syncFolder(of: path)
    }

    private func copy(
      _ lines: [(entry: Entry, id: Int)], to new: OpenFile
    ) throws(InputError) -> (entries: [Entry], length: Int) {
      let head = Data(header.line.utf8)
      try Files.writeAll(head, to: new.descriptor, path: path)
      var (entries, length) = ([Entry](), head.count)
      for (entry, id) in lines {
        let line = try entry.line(try bytes(of: entry), as: id, at: path)
        try Files.writeAll(line, to: new.descriptor, path: path)
        var copied = entry
        (copied.id, copied.offset, copied.length) = (id, length, line.count)
        entries.append(copied)
        length += line.count
      }
      return (entries, length)
    }

    private func bytes(of entry: Entry) throws(InputError) -> Data {
      let bytes = try Files.bytes(
        file.descriptor, at: entry.offset, count: entry.length, path: path)
      guard bytes.count == entry.length else { throw .system("cannot read", at: path, code: EIO) }
      return Data(bytes)
    }

    private func resume() throws(InputError) {
      var lines = LineScanner(file.descriptor, path: path)
      if let line = try lines.next() {
        try check(Header(line: line, path: path))
      } else {
        // Killed within the first line; anything else is somebody's file, and stays.
        guard Data(header.line.utf8).starts(with: lines.remainder) else { throw foreign(path) }
        try cut(to: 0)
        try write(Array(header.line.utf8))
        try sync()
        try Files.syncFolder(of: path)
        return
      }
      while true {
        let offset = lines.offset
        guard let line = try lines.next() else { break }
        let place = "\(path) line \(lines.lineNumber)"
        guard case .sound = SealedJSON.look(at: line) else {
          damagedLines.append(lines.lineNumber)
          continue
        }
        let found = try entry(
          of: SealedJSON.opened(line, at: place), lines.lineNumber, of: path, at: offset,
          length: line.count + 1)
        guard done.insert(found.id).inserted else { throw repeated(found.id, at: place) }
        entries.append(found)
      }
      try cut(to: lines.offset)
      if !damagedLines.isEmpty { try replace(by: entries.map { ($0, $0.id) }) }
    }

    private func check(_ found: Header) throws(InputError) {
      guard found == header else {
        throw InputError(
          .badData, "the file holds the detections of another run", at: path,
          expected: "fingerprint \(header.fingerprint) of "
            + header.categories.count.counted("category"),
          got: "\(found.fingerprint) of \(found.categories.count)",
          hint: "move it away or write to another path")
      }
    }

    private func write(_ line: [UInt8]) throws(InputError) {
      do throws(InputError) {
        try Files.writeAll(line.span.bytes, to: file.descriptor, path: path)
      } catch {
        try? cut(to: length)
        throw error
      }
      length += line.count
    }

    /// Drops what follows the first `length` bytes, and goes on there.
    private func cut(to length: Int) throws(InputError) {
      // A file that is as it should be keeps its time.
      var status = stat()
      guard fstat(file.descriptor, &status) == 0,
        status.st_size == length || ftruncate(file.descriptor, length) == 0,
        lseek(file.descriptor, length, SEEK_SET) == length
      else {
        throw .system("cannot write", at: path)
      }
      self.length = length
    }
  }
}
