public import Support

/// Where the pictures of a corpus's images go: each has a name of its own.
///
/// Pictures are JPEG: that of "a.jpg" is "a.jpg", that of "a.png" is "a.png.jpg", or "a.png.2.jpg"
/// where there is an image or a folder "a.png.jpg". A name that has no room for the ending is cut, and
/// a number of the whole name stands for the rest.
public struct PictureNames: Sendable {
  /// By the bytes of the image's path: to `String` two spellings of an accent are equal.
  private let names: [[UInt8]: String]

  /// - Parameter images: paths below the corpus's folder, each once.
  public init(of images: [String]) {
    var names: [[UInt8]: String] = [:]
    var taken = Set<[UInt8]>()
    for image in images {
      if Self.isKept(image) { names[Array(image.utf8)] = image }
      taken.insert(Array(image.utf8))
      var folder = PathText.folder(of: image)
      while !folder.isEmpty, taken.insert(Array(folder.utf8)).inserted {
        folder = PathText.folder(of: folder)
      }
    }
    for image in images where !Self.isKept(image) {
      let stem = Self.shortened(image)
      var name = "\(stem).jpg"
      var copy = 2
      while !taken.insert(Array(name.utf8)).inserted {
        name = "\(stem).\(copy).jpg"
        copy += 1
      }
      names[Array(image.utf8)] = name
    }
    self.names = names
  }

  /// The path of the picture of one of the images, below the pictures' folder.
  public subscript(image: String) -> String { names[Array(image.utf8)] ?? image }

  private static func isKept(_ image: String) -> Bool { PathText.ending(of: image) == "jpg" }

  /// The longest name that ".9999.jpg" may follow in the 255 bytes of a name.
  private static let room = 246

  private static func shortened(_ image: String) -> String {
    var name = PathText.name(of: image)
    guard PathText.bytes(of: name).count > room else { return image }
    let mark = "~\(PathText.number(of: name))"
    while PathText.bytes(of: name).count + mark.utf8.count > room {
      name.unicodeScalars.removeLast()
    }
    let folder = PathText.folder(of: image)
    return folder.isEmpty ? name + mark : "\(folder)/\(name)\(mark)"
  }
}
