package import Corpora
package import Images
import Support

extension ImageFile {
  /// - Parameter name: in `source`.
  /// - Throws: `ImageError` (`missing`).
  package init(_ name: String, of source: ImageSource) throws(ImageError) {
    try self.init(source.stamp(of: name)) { () throws(InputError) in try source.read(name) }
  }
}
