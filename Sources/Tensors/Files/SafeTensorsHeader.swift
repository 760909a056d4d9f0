import Foundation
import Support

/// The JSON header of a safetensors file: names, types, shapes and offsets, all checked, so that what
/// it promises is there.
struct SafeTensorsHeader {
  private(set) var tensors: [String: StoredTensor] = [:]
  /// Without the checksums.
  private(set) var metadata: [String: String] = [:]
  /// nil where another program wrote the file.
  private(set) var checksums: SafeTensorsChecksums?

  init(of bytes: Data, path: String) throws(InputError) {
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
    let start = 8 + Int(length)
    let header = bytes.subdata(in: 8..<start)
    guard let object = try? JSONSerialization.jsonObject(with: header) as? [String: Any] else {
      throw bad("the header is not a JSON object")
    }
    metadata = object["__metadata__"] as? [String: String] ?? [:]
    // First of all: what is said of a damaged header may be wrong.
    checksums = try SafeTensorsChecksums(
      from: &metadata, names: object.keys.filter { $0 != "__metadata__" },
      beginning: bytes.subdata(in: 0..<start), path: path)
    let bodySize = bytes.count - start
    var ranges: [(name: String, range: Range<Int>)] = []
    for (name, value) in object where name != "__metadata__" {
      let word = shown(name)
      guard let fields = value as? [String: Any], let typeName = fields["dtype"] as? String,
        let shape = fields["shape"] as? [Int], let offsets = fields["data_offsets"] as? [Int],
        offsets.count == 2
      else { throw bad("tensor '\(word)' needs dtype, shape and data_offsets") }
      guard let type = StoredType(rawValue: typeName) else {
        let known = StoredType.allCases.map(\.rawValue).joined(separator: ", ")
        throw bad("tensor '\(word)' has an unsupported type", known, shown(typeName))
      }
      guard 0 <= offsets[0], offsets[0] <= offsets[1], offsets[1] <= bodySize else {
        throw bad(
          "tensor '\(word)' lies outside the file", "offsets within 0...\(bodySize)",
          "\(offsets); is the file cut short?")
      }
      guard let tensor = StoredTensor(type, shape, offset: start + offsets[0]) else {
        throw bad("tensor '\(word)' has an impossible shape", nil, shown("\(shape)"))
      }
      let size = tensor.count.multipliedReportingOverflow(by: type.size)
      guard size == (offsets[1] - offsets[0], false) else {
        throw bad(
          "tensor '\(word)' of shape \(shape) does not fill its offsets",
          "\(type.rawValue) x \(tensor.count)", (offsets[1] - offsets[0]).counted("byte"))
      }
      tensors[name] = tensor
      ranges.append((name, offsets[0]..<offsets[1]))
    }
    // The format allows neither overlaps nor holes.
    ranges.sort {
      ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound)
    }
    var end = 0
    for (name, range) in ranges {
      guard range.lowerBound == end else {
        let what = range.lowerBound < end ? "overlaps another" : "follows a hole"
        throw bad("tensor '\(shown(name))' \(what)", "offset \(end)", "\(range.lowerBound)")
      }
      end = range.upperBound
    }
    guard end == bodySize else {
      throw bad(
        "bytes belong to no tensor", "\(end.counted("byte")) after the header", "\(bodySize)")
    }
  }
}
