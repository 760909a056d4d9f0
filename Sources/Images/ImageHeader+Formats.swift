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

  /// Width, height and orientation from a WebP's chunks; nil without a first one that has a size.
  static func webp(_ bytes: ByteReader) -> (Int, Int, Orientation)? {
    func first(is name: String) -> Bool { bytes.slice(12).starts(with: Array(name.utf8)) }
    if first(is: "VP8L") {
      guard bytes.byte(20) == 0x2F, let bits = bytes.littleEndian32(21) else { return nil }
      return ((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1, .upright)
    }
    if first(is: "VP8 ") {
      guard bytes.slice(23).starts(with: [0x9D, 0x01, 0x2A]),
        let width = bytes.littleEndian16(26), let height = bytes.littleEndian16(28)
      else { return nil }
      return (width & 0x3FFF, height & 0x3FFF, .upright)
    }
    guard first(is: "VP8X"), let width = bytes.littleEndian32(24),
      let height = bytes.littleEndian32(26)
    else { return nil }
    let size = (width: (width & 0xFF_FFFF) + 1, height: (height >> 8) + 1)
    var at = 12
    while let length = bytes.littleEndian32(at + 4), length <= bytes.count - at - 8 {
      if bytes.slice(at).starts(with: Array("EXIF".utf8)) {
        let body = bytes.slice(at + 8, count: length)
        let named = body.starts(with: Array("Exif\0\0".utf8))
        return (
          size.width, size.height, Orientation(exif: named ? body.slice(6) : body) ?? .upright
        )
      }
      at += 8 + length + length % 2
    }
    return (size.width, size.height, .upright)
  }

  /// Width and height of a GIF's screen.
  static func gif(_ bytes: ByteReader) -> (Int, Int, Orientation)? {
    guard let width = bytes.littleEndian16(6), let height = bytes.littleEndian16(8) else {
      return nil
    }
    return (width, height, .upright)
  }
}
