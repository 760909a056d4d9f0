/// Where the images of a cache are, found by their ids.
package struct ImageLocations: Sendable {
  /// Ascending by the ids.
  private let locations: [ImageLocation]

  /// - Parameter locations: ascending by the ids, each once.
  init(_ locations: [ImageLocation]) { self.locations = locations }

  /// nil of an image that the cache does not hold.
  package subscript(imageID: Int) -> ImageLocation? {
    var (low, high) = (0, locations.count)
    while low < high {
      let middle = (low + high) / 2
      if locations[middle].row.imageID < imageID { low = middle + 1 } else { high = middle }
    }
    guard low < locations.count, locations[low].row.imageID == imageID else { return nil }
    return locations[low]
  }
}
