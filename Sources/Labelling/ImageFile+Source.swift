import Corpora
import Images
import Support

extension ImageFile {
  /// - Parameter name: in `source`.
  /// - Throws: `ImageError` (`missing`).
  init(_ name: String, of source: ImageSource) throws(ImageError) {
    try self.init(source.stamp(of: name)) { () throws(InputError) in try source.read(name) }
  }
}
