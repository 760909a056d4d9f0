internal import Foundation
public import Support

/// What the catalogue says of the images, and of shards that are lost.
extension CacheReader {
  /// What is known of every image that has a row. O(images).
  public func knownImages() throws(InputError) -> [Int: KnownImage] {
    try catalogue.knownImages()
  }

  /// The images that could not be used, by their ids. O(images).
  public func failures() throws(InputError) -> [ImageFailure] { try catalogue.failures() }

  /// The shards that were published and whose files are not there any more.
  public func lostShards() throws(InputError) -> [Int] { try catalogue.lostShards(of: folder) }

  /// The images of those shards that count as theirs.
  package func lostImages() throws(InputError) -> [Int] {
    var images: [Int] = []
    for shard in try lostShards() {
      images += try catalogue.locations(in: shard).map(\.row.imageID)
    }
    return images
  }

  /// Names all shards and their order: SHA-256 over the lines of their hashes.
  package func shardsHash() throws(InputError) -> String {
    let hashes = try catalogue.shards().map(\.sha256).joined(separator: "\n")
    return Fingerprint.data(Data(hashes.utf8))
  }
}
