import Cache
import Corpora
import Foundation
import Images
import Support

/// An image file as it was read, and what it looked like just before.
struct ImageFile {
  let data: Data
  let stamp: FileStamp
  /// SHA-256 of the bytes in hex.
  var content: String { Fingerprint.data(data) }

  /// - Parameter name: in the corpus.
  /// - Throws: `ImageError` (`missing`).
  init(_ name: String, of source: ImageSource) throws(ImageError) {
    try self.init(source.stamp(of: name)) { () throws(InputError) in try source.read(name) }
  }

  /// - Throws: `ImageError` (`missing`).
  init(_ path: String) throws(ImageError) {
    try self.init(FileStamp(path)) { () throws(InputError) in try Files.read(path) }
  }

  /// - Parameter stamp: from before it is read.
  private init(
    _ stamp: FileStamp?, _ read: () throws(InputError) -> Data
  ) throws(ImageError) {
    do throws(InputError) {
      data = try read()
    } catch {
      throw ImageError(.missing, error)
    }
    self.stamp = stamp ?? FileStamp(size: data.count, modified: .max)
  }

  /// The pixels, turned as `orientation` wants of the header; errors name `path`.
  func decoded(
    _ path: String, limits: DecodeLimits,
    orientation: (ImageHeader) throws(ImageError) -> OrientationPolicy
  ) throws(ImageError) -> Image.Decoded {
    try Image.decoded(data, name: path, limits: limits, orientation: orientation)
  }
}
