internal import Foundation
public import Support

extension CacheFolder {
  /// Removes the cache with all it holds.
  ///
  /// - Throws: `InputError`: workers use it (`tryAgain`), or it cannot be removed.
  public func remove() throws(InputError) {
    let lock = try CacheLock(self, for: .mending)
    defer { withExtendedLifetime(lock) {} }
    do {
      try FileManager.default.removeItem(atPath: path)
    } catch {
      throw InputError(
        .inputOutput, "cannot remove the cache", at: path, got: error.localizedDescription)
    }
  }
}
