import Foundation
import Support

/// NumPy's archives (`.npz`): zip files of uncompressed `.npy` arrays, as numpy.savez writes them.
///
/// Source: NumPy's format documentation, `.npy` versions 1.0 to 3.0.
enum NumPyArchive {
  /// The arrays of a file by their names, without `.npy`.
  ///
  /// - Throws: `InputError` (`badData`) for other files, damaged ones, and arrays that are compressed,
  ///   in column order or of types that are not read.
  static func tensors(in bytes: Data, path: String) throws(InputError) -> [String: StoredTensor] {
    guard bytes.starts(with: Data("PK".utf8)) else {
      throw InputError(
        .badData, "not a NumPy archive", at: path, expected: "a file that numpy.savez wrote")
    }
    let archive = try ZipArchive(bytes, path: path)
    if let name = archive.packed.min() {
      throw InputError(
        .badData, "the array '\(shown(name))' is compressed or encrypted", at: path,
        hint: "numpy.savez writes plain arrays, numpy.savez_compressed does not")
    }
    var tensors: [String: StoredTensor] = [:]
    for (entry, range) in archive.entries where entry.hasSuffix(".npy") {
      let name = String(entry.dropLast(".npy".count))
      tensors[name] = try array(name, at: range, in: bytes, path: path)
    }
    return tensors
  }

  private static let types: [Substring: StoredType] = [
    "<f8": .float64, "<f4": .float32, "<f2": .float16, "<i8": .int64, "<i4": .int32,
    "<i2": .int16, "|i1": .int8, "|u1": .uint8, "|b1": .bool,
  ]

  /// An array, whose `.npy` file stands at `range`.
  private static func array(
    _ name: String, at range: Range<Int>, in bytes: Data, path: String
  ) throws(InputError) -> StoredTensor {
    func bad(_ what: String, _ expected: String? = nil, _ got: String? = nil) -> InputError {
      InputError(
        .badData, "the array '\(shown(name))' \(what)", at: path, expected: expected, got: got)
    }
    var reader = ByteReader(bytes, range, path: path)
    guard try reader.data(6) == Data([0x93]) + Data("NUMPY".utf8) else {
      throw bad("does not begin as a .npy file")
    }
    let version = try reader.integer(UInt16.self) & 0xFF
    guard 1...3 ~= version else { throw bad("is of another version", "1 to 3", "\(version)") }
    let length =
      version == 1 ? Int(try reader.integer(UInt16.self)) : Int(try reader.integer(UInt32.self))
    let text = try reader.text(length)
    let form =
      #/\{'descr': '([^']*)', 'fortran_order': (True|False), 'shape': \(([0-9, ]*)\),? ?\} *\n?/#
    guard let parts = text.wholeMatch(of: form)?.output else {
      throw bad("has a header that is not understood", nil, shown(text))
    }
    guard let type = types[parts.1] else {
      let known = types.keys.sorted().joined(separator: ", ")
      throw bad("has an unsupported type", known, shown(String(parts.1)))
    }
    let sizes = parts.3.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
      .filter { !$0.isEmpty }
    let shape = sizes.compactMap { Int($0) }
    if parts.2 == "True" && shape.count > 1 {
      throw bad("is in column order", "row order, as numpy.ascontiguousarray makes it")
    }
    guard shape.count == sizes.count,
      let tensor = StoredTensor(type, shape, offset: reader.position)
    else { throw bad("has an impossible shape", nil, shown(String(parts.3))) }
    guard tensor.count.multipliedReportingOverflow(by: type.size) == (reader.left, false) else {
      throw bad(
        "of shape \(shape) does not fill its place", "\(type.rawValue) x \(tensor.count)",
        reader.left.counted("byte"))
    }
    return tensor
  }
}
