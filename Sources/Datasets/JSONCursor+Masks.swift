import Regions
import Support

extension JSONCursor {
  /// `[[x, y, ...], ...]`, `{"size": [h, w], "counts": [...]}` or the same with a string.
  mutating func readMask(of image: COCODataset.Image) throws(InputError) -> Mask {
    try checkSize(of: image)
    switch next {
    case UInt8(ascii: "["):
      let polygons = try readArray { (cursor) throws(InputError) in try cursor.readPolygon() }
      return Mask(
        width: image.width, height: image.height, polygons: polygons.filter { $0.count >= 6 })
    case UInt8(ascii: "{"): return try readRuns(of: image)
    default: throw mistyped("polygons, or an object with size and counts")
    }
  }

  private func checkSize(of image: COCODataset.Image) throws(InputError) {
    guard image.hasSize else {
      throw fault(
        "an outline in an image of unknown size", expected: "width and height of image \(image.id)",
        hint: "masks need the sizes of their images; boxes do not")
    }
    do throws(InputError) {
      try Mask.checkSize(width: image.width, height: image.height)
    } catch {
      throw fault(error.what, expected: error.expected, got: error.got)
    }
  }

  private mutating func readPolygon() throws(InputError) -> [Double] {
    var numbers: [Double] = []
    try readArray { cursor, _ throws(InputError) in
      let start = cursor.position
      let number = try cursor.readDouble()
      guard abs(number) <= Mask.farthest else {
        cursor.position = start
        throw cursor.mistyped("pixels near the image")
      }
      numbers.append(number)
    }
    guard numbers.count % 2 == 0 else {
      throw fault("a polygon", expected: "x and y in turn", got: numbers.count.counted("number"))
    }
    if numbers.count < 6 {
      let flat = fault(
        "a polygon that covers nothing", expected: "at least three corners",
        got: numbers.count.counted("number"))
      try passedOver?.add(flat, as: "polygons")
    }
    return numbers
  }

  private mutating func readRuns(of image: COCODataset.Image) throws(InputError) -> Mask {
    var size: [Int]?
    var counts: [Int]?
    var compressed: String?
    try readObject { cursor, key throws(InputError) in
      switch key {
      case "size": size = try cursor.readIDs()
      case "counts" where cursor.next == UInt8(ascii: "\""): compressed = try cursor.readString()
      case "counts": counts = try cursor.readIDs()
      default: try cursor.skipValue()
      }
    }
    let (height, width) = (image.height, image.width)
    guard try require(size, "size") == [height, width] else {
      throw fault(
        "a mask of another size than its image", member: ".size", expected: "\([height, width])",
        got: "\(size ?? [])")
    }
    do throws(InputError) {
      if let compressed { return try Mask(width: width, height: height, compressed: compressed) }
      return try Mask(width: width, height: height, counts: require(counts, "counts"))
    } catch {
      if error.place != nil { throw error }
      throw fault(error.what, member: ".counts", expected: error.expected, got: error.got)
    }
  }
}
