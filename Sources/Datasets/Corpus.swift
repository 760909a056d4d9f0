import Foundation
public import Support

#if canImport(Glibc)
  import Glibc
#endif

/// The image files under a folder, in an order that does not depend on the machine.
public struct Corpus: Hashable, Sendable {
  /// The folder.
  public let folder: String
  /// Paths below the folder, sorted by their bytes; at least one.
  public let files: [String]

  /// A file is a candidate by one of these extensions, in any case; what it holds is found out when
  /// it is decoded.
  public static let extensions: Set<String> = ["jpg", "jpeg", "png"]

  /// Lists `folder` and the folders in it. Hidden files and folders are left out; links are
  /// followed, but a folder reached twice is listed once.
  ///
  /// A link that leads nowhere is listed, so that it is reported as a missing image.
  /// - Throws: `InputError` when the folder is missing, is not a folder, cannot be read or holds no
  ///   image files.
  public init(folder: String) throws(InputError) {
    self.folder = folder
    guard let root = Self.status(of: folder) else {
      throw .system("cannot read the images", at: folder)
    }
    guard Self.isFolder(root) else {
      throw InputError(
        .missingInput, "cannot read the images", at: folder, expected: "a folder", got: "a file")
    }
    var found: [String] = []
    var seen: Set<FolderIdentity> = [FolderIdentity(root)]
    var pending = [""]
    while let below = pending.popLast() {
      let path = below.isEmpty ? folder : "\(folder)/\(below)"
      var inner: [String] = []
      for name in try Self.names(in: path) where !name.hasPrefix(".") {
        let file = below.isEmpty ? name : "\(below)/\(name)"
        let status = Self.status(of: "\(folder)/\(file)")
        if let status, Self.isFolder(status) {
          if seen.insert(FolderIdentity(status)).inserted { inner.append(file) }
        } else if status.map(Self.isRegular) ?? true,
          Self.extensions.contains((name as NSString).pathExtension.lowercased())
        {
          found.append(file)
        }
      }
      pending += inner.reversed()
    }
    guard !found.isEmpty else {
      throw InputError(
        .missingInput, "no images", at: folder,
        expected: "files ending in \(Self.extensions.sorted().joined(separator: ", "))")
    }
    files = found.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// The full path of the file at `index`.
  public func path(_ index: Int) -> String { "\(folder)/\(files[index])" }

  private struct FolderIdentity: Hashable {
    var device: UInt64
    var inode: UInt64

    init(_ status: stat) {
      device = UInt64(status.st_dev)
      inode = UInt64(status.st_ino)
    }
  }

  /// What is at `path`, through links.
  private static func status(of path: String) -> stat? {
    var status = stat()
    return stat(path, &status) == 0 ? status : nil
  }

  private static func isFolder(_ status: stat) -> Bool { status.st_mode & S_IFMT == S_IFDIR }

  /// A pipe or device named like an image would block its reader.
  private static func isRegular(_ status: stat) -> Bool { status.st_mode & S_IFMT == S_IFREG }

  private static func names(in path: String) throws(InputError) -> [String] {
    guard let listing = opendir(path) else { throw .system("cannot list the folder", at: path) }
    defer { closedir(listing) }
    var names: [String] = []
    while let entry = readdir(listing) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      names.append(name)
    }
    return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }
}
