import Support

extension ProposalsHeader {
  /// - Parameter line: the first of a file, without its checksum.
  static func read(
    _ line: [UInt8], path: String
  ) throws(InputError) -> (header: ProposalsHeader, version: Int) {
    var cursor = JSONCursor(line, file: path, line: 1)
    var format, source: String?
    var version, top, images: Int?
    var labelSet: [String]?
    var nms: Double?
    try cursor.readObject { cursor, key throws(InputError) in
      switch key {
      case "format": format = try cursor.readString()
      case "version": version = try cursor.readInt()
      case "label_set":
        labelSet = try cursor.readArray { (cursor) throws(InputError) in try cursor.readString() }
      case "source": source = try cursor.readString()
      case "nms": nms = try cursor.readDouble()
      case "top": top = try cursor.readInt()
      case "images": images = try cursor.readInt()
      default: throw cursor.fault("unknown key", got: "'\(key)'")
      }
    }
    try cursor.expectEnd()
    guard format == Self.format else {
      throw cursor.fault(
        "not a proposals file", expected: "format '\(Self.format)'",
        got: format.map { "'\($0)'" } ?? "none")
    }
    guard let version, 1...Self.version ~= version else {
      throw cursor.fault(
        "another version of the format", expected: "1 to \(Self.version)",
        got: version.map { "\($0)" } ?? "none")
    }
    let header = ProposalsHeader(
      labelSet: try cursor.require(labelSet, "label_set"),
      source: try cursor.require(source, "source"), nms: try cursor.require(nms, "nms"),
      top: try cursor.require(top, "top"), images: try cursor.require(images, "images"))
    guard (0...1).contains(header.nms) else {
      throw cursor.fault("not an IoU", member: "nms", expected: "0...1", got: "\(header.nms)")
    }
    guard header.top >= 0, header.images >= 0 else { throw cursor.fault("a negative count") }
    return (header, version)
  }
}
