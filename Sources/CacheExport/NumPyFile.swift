internal import Support

/// The beginning of a `.npy` file of version 1.0.
enum NumPyFile {
  /// - Parameter type: as NumPy writes it, "<f4".
  static func header(type: String, shape: [Int]) -> [UInt8] {
    let sizes = shape.map(String.init).joined(separator: ", ") + (shape.count == 1 ? "," : "")
    var text = "{'descr': '\(type)', 'fortran_order': False, 'shape': (\(sizes)), }"
    // The data starts at a multiple of 64; the header ends in a line feed.
    let unpadded = 10 + text.utf8.count + 1
    text += String(repeating: " ", count: (64 - unpadded % 64) % 64) + "\n"
    return [0x93] + Array("NUMPY".utf8) + [1, 0] + Bytes.of([UInt16(text.utf8.count)])
      + Array(text.utf8)
  }
}
