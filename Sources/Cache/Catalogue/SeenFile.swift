public import Support

/// The file of an image as it looked when its content was known.
public struct SeenFile: Equatable, Sendable {
  /// In full.
  public var path: String
  /// Its size and time.
  public var stamp: FileStamp

  public init(path: String, stamp: FileStamp) { (self.path, self.stamp) = (path, stamp) }
}

/// What a cache has of an image, as far as that may change.
public struct KnownImage: Equatable, Sendable {
  /// How the image ended.
  public var status: ImageStatus
  /// In pixels, as it was embedded; 0 of an image that failed.
  public var width: Int
  public var height: Int
  /// SHA-256 of its file in hex; nil where it could not be read, or is not known.
  public var content: String?
  /// Names its boxes and scores; nil of an image that failed.
  public var regions: String?
  /// What its file looked like; nil where that is not known.
  public var file: SeenFile?
}
