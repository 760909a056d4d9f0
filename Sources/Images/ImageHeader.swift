public import Foundation
import Support

/// What an image file says of itself before any pixel is decoded.
public struct ImageHeader: Sendable, Equatable {
  /// The formats that are read, known by their first bytes and never by a name.
  public enum Format: String, Sendable {
    case jpeg
    case png
    /// Of an animation, the first picture.
    case webp
    /// The first picture.
    case gif
  }

  /// By content.
  public let format: Format
  /// Columns as stored, before any orientation; at least 1.
  public let width: Int
  /// Rows as stored, before any orientation; at least 1.
  public let height: Int
  /// How the stored pixels are to be turned to be upright.
  public let orientation: Orientation

  /// Columns and rows once the image is decoded under `policy`.
  public func size(_ policy: OrientationPolicy) -> (width: Int, height: Int) {
    policy == .upright && orientation.swapsSides ? (height, width) : (width, height)
  }

  /// Reads the header of a whole file's bytes; takes no memory and looks at no pixel.
  ///
  /// - Parameter name: stands for the image in errors, usually its path.
  /// - Throws: `ImageError` (`unsupported`, `corrupt`).
  public init(_ data: Data, name: String) throws(ImageError) {
    let header = data.withUnsafeBytes { bytes in
      Result { () throws(ImageError) in try ImageHeader(ByteReader(bytes), name: name) }
    }
    self = try header.get()
  }

  /// Reads the header of the file at `path`.
  ///
  /// - Throws: `ImageError` (`missing`, `unsupported`, `corrupt`).
  public static func read(_ path: String) throws(ImageError) -> ImageHeader {
    try ImageHeader(fileContents(path), name: path)
  }

  private init(_ bytes: ByteReader, name: String) throws(ImageError) {
    if bytes.count == 0 { throw ImageError(.corrupt, "not an image", at: name, got: "no bytes") }
    let found: (format: Format, header: (Int, Int, Orientation)?)
    if bytes.starts(with: [0xFF, 0xD8, 0xFF]) {
      found = (.jpeg, Self.jpeg(bytes))
    } else if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
      found = (.png, Self.png(bytes))
    } else if bytes.starts(with: Array("RIFF".utf8)),
      bytes.slice(8).starts(with: Array("WEBP".utf8))
    {
      found = (.webp, Self.webp(bytes))
    } else if bytes.starts(with: Array("GIF8".utf8)) {
      found = (.gif, Self.gif(bytes))
    } else {
      throw ImageError(
        .unsupported, "not an image that is read here", at: name,
        expected: "a JPEG, PNG, WebP or GIF", got: Self.otherFormat(bytes) ?? "something else")
    }
    guard let (width, height, orientation) = found.header, width > 0, height > 0 else {
      throw ImageError(
        .corrupt, "a damaged image", at: name, got: "a \(found.format) header without a size")
    }
    format = found.format
    self.width = width
    self.height = height
    self.orientation = orientation
  }

  /// The name of a format that is often met and not read.
  private static func otherFormat(_ bytes: ByteReader) -> String? {
    let signatures: [(String, at: Int, String)] = [
      ("a BMP", 0, "BM"), ("a TIFF", 0, "II*\0"),
      ("a TIFF", 0, "MM\0*"), ("a BigTIFF", 0, "II+\0"), ("a BigTIFF", 0, "MM\0+"),
      ("an AVIF", 4, "ftypavi"), ("a HEIC", 4, "ftyphe"), ("a HEIF", 4, "ftypmif1"),
      ("a HEIF", 4, "ftypmsf1"),
      ("a JPEG 2000", 4, "jP  "), ("a JPEG XL", 4, "JXL "), ("a PSD", 0, "8BPS"),
    ]
    return signatures.first { bytes.slice($0.at).starts(with: Array($0.2.utf8)) }?.0
  }
}

/// The bytes of an image file.
///
/// - Throws: `ImageError` (`missing`), also for a folder or a file that may not be read.
func fileContents(_ path: String) throws(ImageError) -> Data {
  do throws(InputError) {
    return try Files.read(path)
  } catch {
    throw ImageError(.missing, error)
  }
}
