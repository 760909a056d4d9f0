import Foundation
import Support

/// A matrix of float16 or float32 in NumPy's .npy format, row-major, little-endian.
struct NumPyFile {
  let shape: [Int]
  let values: [Float]

  init(path: String) throws {
    let data = try Files.read(path)
    func bad(_ what: String) -> InputError { InputError(.badData, what, at: path) }
    // "\x93NUMPY", version, the header's length in two bytes (version 1) or four, the header.
    guard data.count > 12, data.prefix(6).elementsEqual([0x93] + "NUMPY".utf8) else {
      throw bad("not a NumPy file")
    }
    let wide = data[6] > 1
    let lengthBytes = data[8..<(wide ? 12 : 10)]
    let length = lengthBytes.reversed().reduce(0) { $0 << 8 | Int($1) }
    let start = lengthBytes.endIndex + length
    guard start <= data.count,
      let header = String(data: data[lengthBytes.endIndex..<start], encoding: .utf8),
      let sizes = header.firstMatch(of: /'shape': \(([0-9, ]*)\)/),
      header.contains("'fortran_order': False")
    else { throw bad("not a row-major NumPy file") }
    shape = sizes.1.split(separator: ",").compactMap {
      Int($0.trimmingCharacters(in: .whitespaces))
    }
    let isHalf = header.contains("'<f2'")
    let count = shape.reduce(1, *)
    guard isHalf || header.contains("'<f4'"), data.count - start == count * (isHalf ? 2 : 4) else {
      throw bad("not float16 or float32, or cut short")
    }
    values = data[start...].withUnsafeBytes { bytes in
      (0..<count).map {
        isHalf
          ? Float(bytes.loadUnaligned(fromByteOffset: 2 * $0, as: Float16.self))
          : bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self)
      }
    }
  }
}
