import Foundation
import Images
import Support

/// An image file as it was read, and what it looked like just before.
struct ImageFile {
  let data: Data
  let stamp: FileStamp
  /// SHA-256 of the bytes in hex.
  var content: String { Fingerprint.data(data) }

  /// - Throws: `ImageError` (`missing`).
  init(_ path: String) throws(ImageError) {
    let stamp = FileStamp(path)
    do throws(InputError) {
      data = try Files.read(path)
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
