package import Cache
package import Images

extension ImageError.Reason {
  /// How the cache records an image that could not be read.
  package var status: ImageStatus {
    switch self {
    case .missing: .missing
    case .tooLarge: .tooLarge
    case .unsupported: .unsupported
    case .corrupt, .otherSize: .decodeError
    }
  }
}
