import Foundation
public import Support

#if canImport(Glibc)
  import Glibc
#endif

extension DetectionFile {
  /// An image's line that is still to be read.
  public struct Line: Sendable {
    /// In the file, with its end.
    public var length: Int { data.count + 1 }
    fileprivate let data: Data
    /// In the file, from 1.
    fileprivate let number: Int
  }

  /// Reads lines of a file, on any thread.
  public struct Rows: Sendable {
    fileprivate let names: Positions
    fileprivate let path: String

    /// - Throws: `InputError` that names the line: damaged or malformed.
    public func row(_ line: Line) throws(InputError) -> Row {
      let content = try SealedJSON.opened(
        line.data, at: "\(path) line \(line.number)",
        hint: "run the same command again; it looks at the line's image again")
      return try Row(line: content, line.number, of: path, names: names)
    }
  }

  /// Reads a finished file image by image; memory grows with the images' ids only.
  public final class Reader {
    /// The file's first line.
    public let header: Header
    private let path: String
    private let file: OpenFile
    private var lines: LineScanner
    /// What reads its lines.
    public let rows: Rows
    private var seen = Set<Int>()

    /// Opens the file and reads its header.
    ///
    /// - Throws: `InputError` when it is missing or not a detections file.
    public init(path: String) throws(InputError) {
      self.path = path
      file = try OpenFile(path, O_RDONLY)
      lines = LineScanner(file.descriptor, path: path)
      guard let line = try lines.next() else { throw foreign(path) }
      header = try Header(line: line, path: path)
      rows = Rows(names: Positions(header), path: path)
    }

    /// The next image; nil after the last.
    ///
    /// - Throws: `InputError` that names the line: damaged, malformed, an image given twice, a last
    ///   line that was cut off by a kill.
    public func next() throws(InputError) -> Row? {
      guard let line = try nextLine() else { return nil }
      let row = try rows.row(line)
      guard seen.insert(row.id).inserted else {
        throw repeated(row.id, at: "\(path) line \(line.number)")
      }
      return row
    }

    /// The next image's line, for `rows`; nil after the last. Images given twice are not noticed, and
    /// no memory grows.
    ///
    /// - Throws: `InputError` for a last line that was cut off by a kill.
    public func nextLine() throws(InputError) -> Line? {
      guard let data = try lines.next() else {
        guard lines.remainder.isEmpty else {
          throw InputError(
            .badData, "the last line is cut off", at: "\(path) line \(lines.lineNumber + 1)",
            hint: "run the detection again; it continues where it was")
        }
        return nil
      }
      return Line(data: data, number: lines.lineNumber)
    }
  }

  static func repeated(_ id: Int, at place: String) -> InputError {
    InputError(.badData, "the image is given twice", at: "\(place): id", got: "\(id)")
  }
}
