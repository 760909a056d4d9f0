public import Foundation
public import Support

/// Where the images of a corpus are read from, by their names. Safe to use from several threads.
public enum ImageSource: Sendable {
  /// Files: a name is a path below the folder, or a full path.
  case folder(String)
  /// Members of tar files, which are never unpacked to disk.
  case tars(TarMembers)

  /// What errors call an image: a file's path, or "000.tar: a.jpg".
  public func place(of name: String) -> String {
    switch self {
    case .folder(let folder): PathText.join(folder, name)
    case .tars(let members): members.place(of: name)
    }
  }

  /// What an image looks like from outside; nil where there is none. A tar's members have its time.
  public func stamp(of name: String) -> FileStamp? {
    switch self {
    case .folder: FileStamp(place(of: name))
    case .tars(let members): members.stamp(of: name)
    }
  }

  /// The bytes of an image's file.
  ///
  /// - Throws: `InputError` that names its place.
  public func read(_ name: String) throws(InputError) -> Data {
    switch self {
    case .folder: try Files.read(place(of: name))
    case .tars(let members): try members.read(name)
    }
  }
}
