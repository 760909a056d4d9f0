/// How the camera was held: EXIF's eight ways to store an image, under EXIF's numbers.
public enum Orientation: Int, Sendable, CaseIterable {
  /// Stored as it is seen.
  case upright = 1
  /// Stored mirrored, left for right.
  case mirrored = 2
  /// Stored upside down.
  case upsideDown = 3
  /// Stored mirrored, top for bottom.
  case flipped = 4
  /// Stored with rows for columns.
  case transposed = 5
  /// To be turned a quarter clockwise.
  case quarterClockwise = 6
  /// Stored with rows for columns, along the other diagonal.
  case transversed = 7
  /// To be turned a quarter anticlockwise.
  case quarterAnticlockwise = 8

  /// Whether turning upright swaps width and height.
  public var swapsSides: Bool { rawValue >= 5 }

  /// The orientation tag (0x0112) of the first directory of a TIFF structure; nil when there is
  /// none or it makes no sense.
  init?(exif tiff: ByteReader) {
    let little = tiff.starts(with: [0x49, 0x49])
    guard little || tiff.starts(with: [0x4D, 0x4D]) else { return nil }
    func two(_ at: Int) -> Int? {
      tiff.bigEndian16(at).map { little ? Int(UInt16($0).byteSwapped) : $0 }
    }
    func four(_ at: Int) -> Int? {
      tiff.bigEndian32(at).map { little ? Int(UInt32($0).byteSwapped) : $0 }
    }
    guard two(2) == 42, let directory = four(4), let entries = two(directory) else { return nil }
    for entry in 0..<entries {
      let at = directory + 2 + 12 * entry
      guard let tag = two(at), let type = two(at + 2), four(at + 4) != nil else { return nil }
      guard tag == 0x0112 else { continue }
      // SHORT is what the standard says; some writers use LONG.
      let value = type == 3 ? two(at + 8) : type == 4 ? four(at + 8) : nil
      guard let value, let orientation = Orientation(rawValue: value) else { return nil }
      self = orientation
      return
    }
    return nil
  }
}

/// What to do with an image's EXIF orientation.
public enum OrientationPolicy: String, Sendable {
  /// Keep pixels as stored: the boxes of an annotated data set are drawn on stored pixels.
  case stored
  /// Turn the image as it is meant to be seen, for a corpus of photographs.
  case upright
}
