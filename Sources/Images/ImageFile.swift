package import Foundation
package import Support

/// An image file as it was read, and what it looked like just before.
package struct ImageFile {
  let data: Data
  package let stamp: FileStamp
  /// SHA-256 of the bytes in hex.
  package var content: String { Fingerprint.data(data) }

  /// - Throws: `ImageError` (`missing`).
  package init(_ path: String) throws(ImageError) {
    try self.init(FileStamp(path)) { () throws(InputError) in try Files.read(path) }
  }

  /// - Parameters:
  ///   - stamp: from before it is read; nil where there is none.
  ///   - read: its bytes.
  /// - Throws: `ImageError` (`missing`).
  package init(
    _ stamp: FileStamp?, _ read: () throws(InputError) -> Data
  ) throws(ImageError) {
    do throws(InputError) {
      data = try read()
    } catch {
      throw ImageError(.missing, error)
    }
    self.stamp = stamp ?? FileStamp(size: data.count, modified: .max)
  }

  /// What it says of itself, and how it is to be turned; refuses what decoding refuses by the header.
  package func header(
    _ path: String, limits: DecodeLimits,
    orientation: (ImageHeader) throws(ImageError) -> OrientationPolicy
  ) throws(ImageError) -> (header: ImageHeader, policy: OrientationPolicy) {
    let header = try ImageHeader(data, name: path)
    let policy = try orientation(header)
    try limits.check(header, name: path)
    return (header, policy)
  }

  /// The pixels, turned as `orientation` wants of the header; errors name `path`.
  package func decoded(
    _ path: String, limits: DecodeLimits,
    orientation: (ImageHeader) throws(ImageError) -> OrientationPolicy
  ) throws(ImageError) -> Image.Decoded {
    try Image.decoded(data, name: path, limits: limits, orientation: orientation)
  }
}
