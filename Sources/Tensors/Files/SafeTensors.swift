public import Foundation
public import Support

/// A safetensors file: a JSON header of names, types, shapes and offsets, then the bytes.
///
/// Read lazily through a memory map. The header is checked before anything is allocated, so that a
/// truncated file or a header that lies is an error, never a crash.
public final class SafeTensorsFile: Sendable {
  /// The header's free text, such as a recipe or a step.
  public let metadata: [String: String]
  private let file: TensorFile

  /// Opens the file and checks its header.
  ///
  /// - Throws: `InputError` (`missingInput`, `badData`) that names the path.
  public init(path: String) throws(InputError) {
    let bytes = try TensorFile.map(path)
    let header = try SafeTensorsHeader(of: bytes, path: path)
    file = TensorFile(path: path, bytes: bytes, tensors: header.tensors)
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
  ///   element that is not finite.
  public func tensor(_ name: String, shape: [Int]? = nil) throws(InputError) -> Tensor {
    try file.tensor(name, shape: shape)
  }

  /// An integer tensor in row-major order.
  ///
  /// - Throws: `InputError` (`badData`) naming the file and the tensor.
  public func integers(_ name: String) throws(InputError) -> [Int] { try file.integers(name) }
}

extension SafeTensorsFile {
  /// The bytes of a safetensors file.
  ///
  /// - Parameters:
  ///   - tensors: in the order they are stored; names must differ.
  ///   - type: `float32`, `float16` or `bfloat16`.
  public static func encode(
    _ tensors: [(name: String, value: Tensor)], metadata: [String: String] = [:],
    as type: StoredType = .float32
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
    var data = Data(capacity: 8 + text.count + offset)
    withUnsafeBytes(of: UInt64(text.count).littleEndian) { data.append(contentsOf: $0) }
    data.append(text)
    for (_, tensor) in tensors { Halves.encode(tensor, type, to: &data) }
    return data
  }

  /// Writes a safetensors file so that a reader sees all of it or none.
  ///
  /// - Throws: `InputError` as `Files.write`.
  public static func write(
    _ tensors: [(name: String, value: Tensor)], metadata: [String: String] = [:],
    as type: StoredType = .float32, to path: String
  ) throws(InputError) {
    try Files.write(encode(tensors, metadata: metadata, as: type), to: path)
  }
}
