public import Support

/// COCO's compressed form: each run as printable characters of 5 bits, lowest first, with a sixth
/// bit that says whether more follow; from the fourth run on, the difference from the run before
/// the last.
extension Mask {
  /// A mask from COCO's compressed form.
  ///
  /// - Throws: `InputError` (`badData`) for a character that is none of the form's, a number that is
  ///   cut off or too large, and lengths that do not fit the image.
  public init(width: Int, height: Int, compressed text: String) throws(InputError) {
    var counts: [Int] = []
    var (value, shift) = (0, 0)
    for byte in text.utf8 {
      guard (48..<48 + 64).contains(byte), shift < 60 else {
        throw InputError(
          .badData, "not compressed run lengths", expected: "characters from '0' to 'o'",
          got: "'\(text.prefix(24))'")
      }
      let digit = Int(byte) - 48
      value |= (digit & 0x1F) << shift
      shift += 5
      if digit & 0x20 != 0 { continue }
      // The last digit's highest bit is the sign.
      if digit & 0x10 != 0 { value |= -1 << shift }
      let base = counts.count > 2 ? counts[counts.count - 2] : 0
      let (count, overflow) = base.addingReportingOverflow(value)
      counts.append(overflow ? -1 : count)
      (value, shift) = (0, 0)
    }
    guard shift == 0 else {
      throw InputError(
        .badData, "compressed run lengths that are cut off", got: "'\(text.suffix(24))'")
    }
    try self.init(width: width, height: height, counts: counts)
  }

  /// COCO's compressed form of the mask, as pycocotools writes it.
  public var compressed: String {
    var bytes: [UInt8] = []
    for (index, run) in runs.enumerated() {
      var value = Int(run) - (index > 2 ? Int(runs[index - 2]) : 0)
      while true {
        let digit = UInt8(value & 0x1F)
        value >>= 5
        let isLast = value == (digit & 0x10 != 0 ? -1 : 0)
        bytes.append(48 + digit + (isLast ? 0 : 0x20))
        if isLast { break }
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
