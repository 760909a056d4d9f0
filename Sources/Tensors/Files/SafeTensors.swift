public import Foundation
public import Support

/// A safetensors file: a JSON header of names, types, shapes and offsets, then the bytes.
///
/// Read lazily through a memory map. The header is checked before anything is allocated, so that a
/// truncated file or a header that lies is an error, never a crash. What this program wrote has
/// checksums in its metadata, of the header and of each tensor: the header's is checked when the file
/// is opened, a tensor's whenever it is read.
public final class SafeTensorsFile: Sendable {
  /// The header's free text, such as a recipe or a step, without the checksums.
  public let metadata: [String: String]
  private let file: TensorFile

  /// Opens a file of any program and checks its header.
  ///
  /// - Throws: `InputError` (`missingInput`, `badData`) that names the path.
  public convenience init(path: String) throws(InputError) { try self.init(path, remedy: nil) }

  /// Opens a file that only this program writes: one without checksums is damaged.
  ///
  /// - Parameter remedy: what to do about a damaged file, as errors say it.
  /// - Throws: `InputError` (`missingInput`, `badData`) that names the path.
  public convenience init(own path: String, remedy: String) throws(InputError) {
    do throws(InputError) {
      try self.init(path, remedy: remedy)
    } catch {
      var error = error
      if error.kind == .badData { error.hint = remedy }
      throw error
    }
    guard file.checksums != nil else {
      throw InputError(
        .badData, "the header has no checksums", at: path,
        expected: "a file as this version writes it", hint: remedy)
    }
  }

  private init(_ path: String, remedy: String?) throws(InputError) {
    let bytes = try TensorFile.map(path)
    let header = try SafeTensorsHeader(of: bytes, path: path)
    file = TensorFile(
      path: path, bytes: bytes, tensors: header.tensors, checksums: header.checksums,
      remedy: remedy)
    metadata = header.metadata
  }

  public var path: String { file.path }

  /// The names of all tensors, sorted.
  public var names: [String] { file.names }

  /// Whether a tensor of this name is there.
  public func contains(_ name: String) -> Bool { file.tensors[name] != nil }

  /// The shape of a tensor; nil when there is none of that name.
  public func shape(of name: String) -> [Int]? { file.tensors[name]?.shape }

  /// The stored type of a tensor; nil when there is none of that name.
  public func type(of name: String) -> StoredType? { file.tensors[name]?.type }

  /// A floating-point tensor as float32, finite.
  ///
  /// - Parameter shape: what the shape must be; any when nil.
  /// - Throws: `InputError` (`badData`) naming the file, the tensor and both shapes, also for an
  ///   element that is not finite and for bytes that are not those that were written.
  public func tensor(_ name: String, shape: [Int]? = nil) throws(InputError) -> Tensor {
    try file.tensor(name, shape: shape)
  }

  /// An integer tensor in row-major order.
  ///
  /// - Throws: `InputError` (`badData`) naming the file and the tensor.
  public func integers(_ name: String) throws(InputError) -> [Int] { try file.integers(name) }

  /// Reads all tensors' bytes and compares them with their checksums, where the file has them.
  ///
  /// - Throws: `InputError` (`badData`) naming the file and the first damaged tensor.
  public func check() throws(InputError) { try file.check() }
}

extension SafeTensorsFile {
  /// The bytes of a safetensors file.
  ///
  /// - Parameters:
  ///   - tensors: in the order they are stored; names must differ.
  ///   - metadata: free text; names that begin with `xxh3` are the checksums'.
  ///   - type: `float32`, `float16` or `bfloat16`.
  ///   - hasChecksums: false for a file as other programs write it.
  public static func encode(
    _ tensors: [(name: String, value: Tensor)], metadata: [String: String] = [:],
    as type: StoredType = .float32, hasChecksums: Bool = true
  ) -> Data {
    precondition(!metadata.keys.contains(where: SafeTensorsChecksums.isReserved), "a checksum")
    func beginning(_ checksums: [Checksum?]) -> Data {
      let named = Array(zip(tensors.map(\.name), checksums))
      let entries = hasChecksums ? SafeTensorsChecksums.entries(named) : [:]
      return header(tensors, metadata.merging(entries) { $1 }, type)
    }
    // Its length does not depend on the digits.
    var data = beginning(tensors.map { _ in nil })
    let start = data.count
    data.reserveCapacity(start + tensors.reduce(0) { $0 + $1.value.count * type.size })
    var checksums: [Checksum?] = []
    for (_, tensor) in tensors {
      let place = data.count
      Halves.encode(tensor, type, to: &data)
      guard hasChecksums else { continue }
      checksums.append(
        data.withUnsafeBytes { Checksum(UnsafeRawBufferPointer(rebasing: $0[place...])) })
    }
    if hasChecksums {
      var completed = beginning(checksums)
      SafeTensorsChecksums.complete(&completed)
      data.replaceSubrange(0..<start, with: completed)
    }
    return data
  }

  /// All bytes before the tensors': the header's length and the header.
  private static func header(
    _ tensors: [(name: String, value: Tensor)], _ metadata: [String: String], _ type: StoredType
  ) -> Data {
    var header: [String: Any] = metadata.isEmpty ? [:] : ["__metadata__": metadata]
    var offset = 0
    for (name, tensor) in tensors {
      precondition(header[name] == nil, "two tensors are named '\(name)'")
      let size = tensor.count * type.size
      header[name] = [
        "dtype": type.rawValue, "shape": tensor.shape, "data_offsets": [offset, offset + size],
      ]
      offset += size
    }
    let options: JSONSerialization.WritingOptions = [.sortedKeys, .withoutEscapingSlashes]
    guard var text = try? JSONSerialization.data(withJSONObject: header, options: options) else {
      preconditionFailure("a dictionary of strings, integers and arrays has a JSON form")
    }
    text.append(contentsOf: repeatElement(UInt8(ascii: " "), count: (8 - text.count % 8) % 8))
    return withUnsafeBytes(of: UInt64(text.count).littleEndian) { Data($0) } + text
  }

  /// Writes a safetensors file with checksums, so that a reader sees all of it or none.
  ///
  /// - Throws: `InputError` as `Files.write`.
  public static func write(
    _ tensors: [(name: String, value: Tensor)], metadata: [String: String] = [:],
    as type: StoredType = .float32, to path: String
  ) throws(InputError) {
    try Files.write(encode(tensors, metadata: metadata, as: type), to: path)
  }
}
