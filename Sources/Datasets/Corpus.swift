import Foundation
public import Support

#if canImport(Glibc)
  import Glibc
#endif

/// The image files under a folder, in an order that does not depend on the machine.
public struct Corpus: Hashable, Sendable {
  /// The folder.
  public let folder: String
  /// Paths below the folder, sorted by their bytes; at least one. A folder inside it that cannot be
  /// listed is among them, so that it is reported as an image that cannot be read.
  public let files: [String]
  /// How many files of other kinds of pictures were left out, by their ending in small letters.
  public let leftOut: [String: Int]

  /// A file is a candidate by one of these endings, in any case; what it holds is found out when it
  /// is decoded.
  public static let extensions: Set<String> = ["gif", "jfif", "jpe", "jpeg", "jpg", "png", "webp"]

  /// The endings of photographs that are not read here. They are candidates as well, so that each is
  /// reported with the name of its form; some are an image that is read under a wrong name.
  static let unreadExtensions: Set<String> = [
    "avif", "bmp", "heic", "heif", "j2k", "jp2", "jxl", "tif", "tiff",
  ]

  /// The endings of pictures that usually lie beside a photograph that they were made of, or that was
  /// made of them, and are left out. Those that are read by their first bytes, like files
  /// without an ending, are candidates.
  static let otherExtensions: Set<String> = [
    "arw", "cr2", "cr3", "dib", "dng", "ico", "mpo", "nef", "orf", "pbm", "pgm", "ppm", "pnm",
    "psd", "raf", "rw2", "svg", "tga",
  ]

  /// Whether a name is that of a photograph, read here or not, and not hidden.
  public static func isCandidate(_ name: String) -> Bool {
    let ending = PathText.ending(of: name)
    return (extensions.contains(ending) || unreadExtensions.contains(ending))
      && PathText.name(of: name).utf8.first != UInt8(ascii: ".")
  }

  /// Lists `folder` and the folders in it. Hidden files and folders are left out; links are
  /// followed, but a folder reached twice is listed once.
  ///
  /// A link that leads nowhere is listed, so that it is reported as a missing image.
  /// - Throws: `InputError` when the folder is missing, is not a folder, cannot be read or holds no
  ///   image files.
  public init(folder: String) throws(InputError) {
    self.folder = folder
    guard let root = Files.status(of: folder) else {
      throw .system("cannot read the images", at: folder)
    }
    guard Self.isFolder(root) else {
      throw InputError(
        .missingInput, "cannot read the images", at: folder, expected: "a folder", got: "a file")
    }
    var listing = Listing(folder: folder)
    var seen: Set<FolderIdentity> = [FolderIdentity(root)]
    var pending = listing.add(try Self.names(in: folder), seen: &seen)
    while let below = pending.popLast() {
      do throws(InputError) {
        let names = try Self.names(in: "\(folder)/\(below)").map { "\(below)/\($0)" }
        pending += listing.add(names, seen: &seen)
      } catch {
        listing.files.append(below)
      }
    }
    guard !listing.files.isEmpty else {
      throw InputError(
        .missingInput, "no images", at: folder,
        expected: "files ending in \(Self.extensions.sorted().joined(separator: ", "))",
        got: Self.words(listing.leftOut))
    }
    files = listing.files.sorted(by: precedes)
    leftOut = listing.leftOut
  }

  /// The full path of the file at `index`.
  public func path(_ index: Int) -> String { "\(folder)/\(files[index])" }

  /// What was left out: "3 .webp, 1 .gif"; nil where nothing was.
  public var leftOutWords: String? { Self.words(leftOut) }

  private static func words(_ leftOut: [String: Int]) -> String? {
    let order = leftOut.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    return order.isEmpty ? nil : order.map { "\($0.value) .\($0.key)" }.joined(separator: ", ")
  }

  // MARK: - Listing

  private struct FolderIdentity: Hashable {
    var device: UInt64
    var inode: UInt64

    init(_ status: stat) {
      device = UInt64(status.st_dev)
      inode = UInt64(status.st_ino)
    }
  }

  private struct Listing {
    let folder: String
    var files: [String] = []
    var leftOut: [String: Int] = [:]

    /// - Returns: the folders among `files` that are new, the last one first.
    mutating func add(_ files: [String], seen: inout Set<FolderIdentity>) -> [String] {
      var inner: [String] = []
      for file in files {
        let status = Files.status(of: "\(folder)/\(file)")
        if let status, Corpus.isFolder(status) {
          if seen.insert(FolderIdentity(status)).inserted { inner.append(file) }
        } else {
          add(file, status)
        }
      }
      return inner.reversed()
    }

    private mutating func add(_ file: String, _ status: stat?) {
      // A pipe or device named like an image would block its reader.
      guard status.map(Corpus.isRegular) ?? true else { return }
      let ending = PathText.ending(of: file)
      let isOther = Corpus.otherExtensions.contains(ending)
      if Corpus.isCandidate(file) {
        files.append(file)
      } else if isOther || ending.isEmpty, Corpus.isImage("\(folder)/\(file)") {
        files.append(file)
      } else if isOther {
        leftOut[ending, default: 0] += 1
      }
    }
  }

  /// Whether a file begins as those do that are read.
  private static func isImage(_ path: String) -> Bool {
    guard let file = try? OpenFile(path, O_RDONLY) else { return false }
    let bytes = (try? Files.bytes(file.descriptor, at: 0, count: 12, path: path)) ?? []
    return bytes.starts(with: [0xFF, 0xD8, 0xFF]) || bytes.starts(with: Array("GIF8".utf8))
      || bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
      || bytes.starts(with: Array("RIFF".utf8)) && bytes.dropFirst(8).elementsEqual("WEBP".utf8)
  }

  private static func isFolder(_ status: stat) -> Bool { status.st_mode & S_IFMT == S_IFDIR }

  private static func isRegular(_ status: stat) -> Bool { status.st_mode & S_IFMT == S_IFREG }

  /// Sorted by their bytes, without hidden ones.
  private static func names(in path: String) throws(InputError) -> [String] {
    guard let listing = PathText.withSystemPath(path, { opendir($0) }) else {
      throw .system("cannot list the folder", at: path)
    }
    defer { closedir(listing) }
    var names: [String] = []
    while let entry = readdir(listing) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { PathText.text(ofSystemPath: $0) }
      }
      if name.utf8.first != UInt8(ascii: ".") { names.append(name) }
    }
    return names.sorted(by: precedes)
  }
}
