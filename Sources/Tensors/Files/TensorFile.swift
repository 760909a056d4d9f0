import Foundation
package import Support

#if canImport(Glibc)
  import Glibc
#endif

/// A mapped file and the tensors in it, whatever its format.
package struct TensorFile: Sendable {
  package let path: String
  let bytes: Data
  package let tensors: [String: StoredTensor]
  /// Of the tensors' bytes, in safetensors files that this program wrote.
  var checksums: SafeTensorsChecksums?
  /// What to do where the file is damaged, if its reader knows.
  var remedy: String?

  /// Opens a safetensors file by its extension, and a PyTorch file by what it begins with.
  static func open(_ path: String) throws(InputError) -> TensorFile {
    let bytes = try map(path)
    guard path.lowercased().hasSuffix(".safetensors") else {
      return TensorFile(
        path: path, bytes: bytes, tensors: try PyTorch.tensors(in: bytes, path: path))
    }
    let header = try SafeTensorsHeader(of: bytes, path: path)
    return TensorFile(
      path: path, bytes: bytes, tensors: header.tensors, checksums: header.checksums)
  }

  /// Opens a file of columns: a NumPy archive by its ending, else a safetensors file. All tensors of
  /// either stand in row-major order.
  ///
  /// - Throws: `InputError` (`missingInput`, `badData`) that names the path.
  package static func columns(_ path: String) throws(InputError) -> TensorFile {
    guard path.lowercased().hasSuffix(".npz") else { return try open(path) }
    let bytes = try map(path)
    return TensorFile(
      path: path, bytes: bytes, tensors: try NumPyArchive.tensors(in: bytes, path: path))
  }

  /// Calls `body` with the stored bytes of a tensor of this file, or of some of its elements.
  ///
  /// - Parameter elements: of a tensor in row-major order; nil for all.
  package func withBytes<Result>(
    of stored: StoredTensor, _ elements: Range<Int>? = nil,
    _ body: (UnsafeRawBufferPointer) -> Result
  ) -> Result {
    let elements = elements ?? 0..<stored.count
    precondition(elements.lowerBound >= 0 && elements.upperBound <= stored.count)
    let (start, size) = (stored.offset, stored.type.size)
    let range = start + elements.lowerBound * size..<start + elements.upperBound * size
    return bytes.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[range])) }
  }

  /// Some elements of a floating-point tensor in row-major order as float32, finite or not.
  package func floats(of stored: StoredTensor, _ elements: Range<Int>) -> [Float] {
    precondition(stored.type.isFloatingPoint)
    if elements.isEmpty { return [] }
    return [Float](unsafeUninitializedCapacity: elements.count) { out, count in
      withBytes(of: stored, elements) {
        Halves.decode($0.baseAddress!, stored.type, into: .init(rebasing: out[..<elements.count]))
      }
      count = elements.count
    }
  }

  /// The bytes of a file, read when they are looked at.
  static func map(_ path: String) throws(InputError) -> Data {
    var status = stat()
    guard stat(path, &status) == 0 else { throw .system("cannot read the weights", at: path) }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw InputError(.missingInput, "not a file", at: path, expected: "a file of tensors")
    }
    let bytes: Data
    do {
      bytes = try Data(contentsOf: URL(filePath: path), options: .alwaysMapped)
    } catch {
      throw InputError(.missingInput, "cannot read", at: path, got: error.localizedDescription)
    }
    if bytes.starts(with: Data("version https://git-lfs".utf8)) {
      throw InputError(
        .badData, "a Git LFS pointer stands in place of the weights", at: path,
        hint: "run 'git lfs pull' in the folder it came from")
    }
    return bytes
  }

  var names: [String] { tensors.keys.sorted() }

  /// A floating-point tensor as float32, finite, of the bytes that were written.
  func tensor(_ name: String, shape: [Int]?) throws(InputError) -> Tensor {
    let stored = try stored(name)
    if let shape, shape != stored.shape {
      throw InputError(
        .badData, "tensor '\(name)' has the wrong shape", at: path, expected: "\(shape)",
        got: "\(stored.shape)")
    }
    guard stored.type.isFloatingPoint else {
      throw wrongType(name, stored, expected: "F64, F32, F16 or BF16")
    }
    let value = try checked(name, stored) { start in
      let span = Tensor([stored.span]) { Halves.decode(start, stored.type, into: $0) }
      guard stored.strides != nil else { return span.reshaped(stored.shape) }
      return Tensor(stored.shape) { out in
        span.withElements { stored.inRowMajorOrder($0, into: out) }
      }
    }
    guard value.isFinite else { throw notFinite(name, value.array) }
    return value
  }

  /// Nothing good comes of such a tensor, and what comes of it may look like a result.
  private func notFinite(_ name: String, _ values: [Float]) -> InputError {
    let wrong = values.indices.filter { !values[$0].isFinite }
    return InputError(
      .badData, "tensor '\(shown(name))' is not finite", at: path,
      expected: "finite numbers in float32",
      got: "\(values[wrong[0]]) as element \(wrong[0]), \(wrong.count) of \(values.count) such",
      hint: remedy ?? "the file is damaged, or its training diverged")
  }

  /// What `read` makes of a tensor's stored bytes, which it finds in the processor's cache where they
  /// fit into it: the check costs no second way to memory, and copies nothing.
  ///
  /// - Throws: `InputError` where they are not what was written.
  private func checked<Result>(
    _ name: String, _ stored: StoredTensor, _ read: (UnsafeRawPointer) -> Result
  ) throws(InputError) -> Result {
    if let checksums {
      let range = stored.offset..<stored.offset + stored.count * stored.type.size
      let found = bytes.withUnsafeBytes { Checksum(UnsafeRawBufferPointer(rebasing: $0[range])) }
      try checksums.check(name, found, path: path, remedy: remedy)
    }
    return bytes.withUnsafeBytes { read($0.baseAddress! + stored.offset) }
  }

  /// Reads all tensors' bytes.
  ///
  /// - Throws: `InputError` naming the first that are not what was written.
  func check() throws(InputError) {
    for name in names { try checked(name, try stored(name)) { _ in } }
  }

  /// An integer tensor in row-major order, of the bytes that were written.
  package func integers(_ name: String) throws(InputError) -> [Int] {
    let stored = try stored(name)
    if stored.type.isFloatingPoint { throw wrongType(name, stored, expected: "an integer type") }
    let span = try checked(name, stored) { start in
      func load<Value: FixedWidthInteger>(_: Value.Type) -> [Int] {
        (0..<stored.span).map {
          Int(start.loadUnaligned(fromByteOffset: $0 * MemoryLayout<Value>.size, as: Value.self))
        }
      }
      switch stored.type {
      case .int64: return load(Int64.self)
      case .int32: return load(Int32.self)
      case .int16: return load(Int16.self)
      case .int8: return load(Int8.self)
      default: return load(UInt8.self)
      }
    }
    return [Int](unsafeUninitializedCapacity: stored.count) { out, count in
      span.withUnsafeBufferPointer {
        stored.inRowMajorOrder($0, into: .init(rebasing: out[..<stored.count]))
      }
      count = stored.count
    }
  }

  private func stored(_ name: String) throws(InputError) -> StoredTensor {
    guard let stored = tensors[name] else {
      throw .noTensor(name, at: path, among: Array(tensors.keys))
    }
    return stored
  }

  private func wrongType(_ name: String, _ stored: StoredTensor, expected: String) -> InputError {
    InputError(
      .badData, "tensor '\(name)' has the wrong type", at: path, expected: expected,
      got: stored.type.rawValue)
  }
}

extension InputError {
  /// A tensor that is asked for is not there.
  static func noTensor(_ name: String, at path: String, among names: [String]) -> InputError {
    // Names of another length cannot be near, and a hostile file's may be very long.
    let similar = names.filter { $0.utf8.count <= 2 * name.utf8.count }
    let nearest = nearestName(to: name, among: similar).map { "the nearest is '\($0)'" }
    return InputError(.badData, "no tensor '\(name)'", at: path, hint: nearest)
  }
}

/// A word of a file, fit for one line of a message.
func shown(_ word: String) -> String {
  let plain = word.unicodeScalars.prefix(100).map { scalar in
    scalar.properties.generalCategory == .control ? "?" : String(scalar)
  }
  return plain.joined() + (word.unicodeScalars.count > 100 ? "..." : "")
}
