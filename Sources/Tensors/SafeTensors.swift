public import Foundation
public import Support

/// A safetensors file: a JSON header of names, types, shapes and offsets, then the bytes.
///
/// Read lazily through a memory map. The header is checked before anything is allocated, so that a
/// truncated file or a header that lies is an error, never a crash.
public final class SafeTensorsFile: @unchecked Sendable {
  /// The stored element types that can be read.
  public enum ElementType: String, Sendable, CaseIterable {
    case float32 = "F32"
    case float16 = "F16"
    case bfloat16 = "BF16"
    case int64 = "I64"
    case int32 = "I32"
    case uint8 = "U8"
    case bool = "BOOL"

    /// Bytes an element.
    public var size: Int {
      switch self {
      case .int64: 8
      case .float32, .int32: 4
      case .float16, .bfloat16: 2
      case .uint8, .bool: 1
      }
    }
  }

  struct Entry {
    var type: ElementType
    var shape: [Int]
    var offset: Int
    var count: Int
  }

  public let path: String
  /// The header's free text, such as a recipe or a step.
  public let metadata: [String: String]
  private let entries: [String: Entry]
  private let bytes: Data

  /// Opens the file and checks its header.
  ///
  /// - Throws: `InputError` (`missingInput`, `badData`) that names the path.
  public init(path: String) throws(InputError) {
    self.path = path
    guard Files.exists(path) else {
      throw InputError(.missingInput, "no such file", at: path, expected: "a safetensors file")
    }
    do {
      bytes = try Data(contentsOf: URL(filePath: path), options: .alwaysMapped)
    } catch {
      throw InputError(.missingInput, "cannot read", at: path, got: error.localizedDescription)
    }
    (entries, metadata) = try Self.parseHeader(of: bytes, path: path)
  }

  /// The names of all tensors, sorted.
  public var names: [String] { entries.keys.sorted() }

  /// Whether a tensor of this name is there.
  public func contains(_ name: String) -> Bool { entries[name] != nil }

  /// The shape of a tensor; nil when there is none of that name.
  public func shape(of name: String) -> [Int]? { entries[name]?.shape }

  /// The stored type of a tensor; nil when there is none of that name.
  public func type(of name: String) -> ElementType? { entries[name]?.type }

  /// A floating-point tensor as float32.
  ///
  /// - Parameter shape: what the shape must be; any when nil.
  /// - Throws: `InputError` (`badData`) naming the file, the tensor and both shapes.
  public func tensor(_ name: String, shape: [Int]? = nil) throws(InputError) -> Tensor {
    let entry = try entry(name)
    if let shape, shape != entry.shape {
      throw InputError(
        .badData, "tensor '\(name)' has the wrong shape", at: path, expected: "\(shape)",
        got: "\(entry.shape)")
    }
    guard [.float32, .float16, .bfloat16].contains(entry.type) else {
      throw wrongType(name, entry, expected: "F32, F16 or BF16")
    }
    return bytes.withUnsafeBytes { bytes in
      let start = bytes.baseAddress! + entry.offset
      return Tensor(entry.shape) { out in Halves.decode(start, entry.type, into: out) }
    }
  }

  /// An integer tensor in row-major order.
  public func integers(_ name: String) throws(InputError) -> [Int] {
    let entry = try entry(name)
    let floats: [ElementType] = [.float32, .float16, .bfloat16]
    if floats.contains(entry.type) { throw wrongType(name, entry, expected: "an integer type") }
    return bytes.withUnsafeBytes { bytes in
      let start = bytes.baseAddress! + entry.offset
      func load<Value: FixedWidthInteger>(_: Value.Type) -> [Int] {
        (0..<entry.count).map {
          Int(start.loadUnaligned(fromByteOffset: $0 * MemoryLayout<Value>.size, as: Value.self))
        }
      }
      switch entry.type {
      case .int64: return load(Int64.self)
      case .int32: return load(Int32.self)
      default: return load(UInt8.self)
      }
    }
  }

  private func entry(_ name: String) throws(InputError) -> Entry {
    guard let entry = entries[name] else {
      let nearest = nearestName(to: name, among: names).map { "the nearest is '\($0)'" }
      throw InputError(.badData, "no tensor '\(name)'", at: path, hint: nearest)
    }
    return entry
  }

  private func wrongType(_ name: String, _ entry: Entry, expected: String) -> InputError {
    InputError(
      .badData, "tensor '\(name)' has the wrong type", at: path, expected: expected,
      got: entry.type.rawValue)
  }
}

extension SafeTensorsFile {
  fileprivate static func parseHeader(
    of bytes: Data, path: String
  ) throws(InputError) -> ([String: Entry], [String: String]) {
    func bad(_ what: String, _ expected: String? = nil, _ got: String? = nil) -> InputError {
      InputError(.badData, what, at: path, expected: expected, got: got)
    }
    guard bytes.count >= 8 else {
      throw bad("not a safetensors file", "at least 8 bytes", "\(bytes.count)")
    }
    let length = bytes.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self).littleEndian }
    guard length <= UInt64(min(bytes.count - 8, 100 << 20)) else {
      throw bad(
        "the header does not fit the file", "at most \(bytes.count - 8) bytes", "\(length)")
    }
    let header = bytes.subdata(in: 8..<8 + Int(length))
    guard let object = try? JSONSerialization.jsonObject(with: header) as? [String: Any] else {
      throw bad("the header is not a JSON object")
    }
    let bodySize = bytes.count - 8 - Int(length)
    var entries = [String: Entry]()
    var metadata = [String: String]()
    for (name, value) in object {
      if name == "__metadata__" {
        metadata = value as? [String: String] ?? [:]
        continue
      }
      guard let fields = value as? [String: Any], let typeName = fields["dtype"] as? String,
        let shape = fields["shape"] as? [Int], shape.allSatisfy({ $0 >= 0 }),
        let offsets = fields["data_offsets"] as? [Int], offsets.count == 2
      else { throw bad("tensor '\(name)' needs dtype, shape and data_offsets") }
      guard let type = ElementType(rawValue: typeName) else {
        let known = ElementType.allCases.map(\.rawValue).joined(separator: ", ")
        throw bad("tensor '\(name)' has an unsupported type", known, typeName)
      }
      guard 0 <= offsets[0], offsets[0] <= offsets[1], offsets[1] <= bodySize else {
        throw bad(
          "tensor '\(name)' lies outside the file", "offsets within 0...\(bodySize)",
          "\(offsets); is the file cut short?")
      }
      var count = 1
      for size in shape {
        let (product, overflow) = count.multipliedReportingOverflow(by: size)
        guard !overflow else { throw bad("tensor '\(name)' has an impossible shape \(shape)") }
        count = product
      }
      guard count.multipliedReportingOverflow(by: type.size) == (offsets[1] - offsets[0], false)
      else {
        throw bad(
          "tensor '\(name)' of shape \(shape) does not fill its offsets",
          "\(type.rawValue) x \(count)", "\(offsets[1] - offsets[0]) bytes")
      }
      entries[name] = Entry(
        type: type, shape: shape, offset: 8 + Int(length) + offsets[0], count: count)
    }
    return (entries, metadata)
  }
}

extension SafeTensorsFile {
  /// The bytes of a safetensors file.
  ///
  /// - Parameters:
  ///   - tensors: in the order they are stored; names must differ.
  ///   - type: `float32`, `float16` or `bfloat16`.
  public static func encode(
    _ tensors: [(name: String, value: Tensor)], metadata: [String: String] = [:],
    as type: ElementType = .float32
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
    as type: ElementType = .float32, to path: String
  ) throws(InputError) {
    try Files.write(encode(tensors, metadata: metadata, as: type), to: path)
  }
}
