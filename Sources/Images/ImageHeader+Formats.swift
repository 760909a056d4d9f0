extension ImageHeader {
  /// Width, height and orientation from a JPEG's segments up to the first scan; nil without a
  /// frame header.
  static func jpeg(_ bytes: ByteReader) -> (Int, Int, Orientation)? {
    var size: (width: Int, height: Int)?
    var orientation: Orientation?
    var at = 2
    while true {
      // Bytes between segments and fill bytes before a marker are skipped, as libjpeg does.
      while let byte = bytes.byte(at), byte != 0xFF { at += 1 }
      while bytes.byte(at) == 0xFF { at += 1 }
      guard let marker = bytes.byte(at) else { break }
      at += 1
      if marker == 0xDA || marker == 0xD9 { break }
      // A stuffed zero is no marker; 01 and restarts stand alone.
      if marker == 0 || marker == 1 || (0xD0...0xD8).contains(marker) { continue }
      guard let length = bytes.bigEndian16(at), length >= 2 else { break }
      let body = bytes.slice(at + 2, count: length - 2)
      switch marker {
      case 0xC0...0xCF where marker != 0xC4 && marker != 0xC8 && marker != 0xCC:
        guard let height = body.bigEndian16(1), let width = body.bigEndian16(3) else { return nil }
        size = size ?? (width, height)
      case 0xE1 where orientation == nil && body.starts(with: Array("Exif\0\0".utf8)):
        orientation = Orientation(exif: body.slice(6))
      default: break
      }
      at += length
    }
    return size.map { ($0.width, $0.height, orientation ?? .upright) }
  }

  /// Width, height and orientation from a PNG's chunks; nil without a first IHDR.
  static func png(_ bytes: ByteReader) -> (Int, Int, Orientation)? {
    guard bytes.slice(12).starts(with: Array("IHDR".utf8)),
      let width = bytes.bigEndian32(16), let height = bytes.bigEndian32(20),
      width <= Int32.max, height <= Int32.max
    else { return nil }
    var at = 8
    while let length = bytes.bigEndian32(at), length <= bytes.count - at {
      // A failing checksum of a side chunk costs no pixels, but the chunk is not believed.
      if bytes.slice(at + 4).starts(with: Array("eXIf".utf8)),
        bytes.slice(at + 4, count: length + 4).crc32 == bytes.bigEndian32(at + 8 + length)
      {
        let orientation = Orientation(exif: bytes.slice(at + 8, count: length))
        return (width, height, orientation ?? .upright)
      }
      at += 12 + length
    }
    return (width, height, .upright)
  }
}
