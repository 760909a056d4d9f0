import Foundation
import Support
import Tensors
import TestSupport

/// A copy of a folder of `make_siglip.py`, for a test to damage.
struct SigLIPFolder {
  let path: String

  /// - Parameter name: "siglip" or "siglip2".
  static func with<Result>(
    _ name: String, _ body: (SigLIPFolder) throws -> Result
  ) throws -> Result {
    try withTemporaryFolder { path in
      let goldens = fixture("Goldens/\(name)")
      for file in try FileManager.default.contentsOfDirectory(atPath: goldens) {
        try Files.write(try Files.read("\(goldens)/\(file)"), to: "\(path)/\(file)")
      }
      return try body(SigLIPFolder(path: path))
    }
  }

  func write(_ name: String, _ text: String) throws {
    try Files.write(Data(text.utf8), to: "\(path)/\(name)")
  }

  func remove(_ name: String) throws {
    try FileManager.default.removeItem(atPath: "\(path)/\(name)")
  }

  /// Writes a file of JSON anew.
  func change(_ name: String, _ change: (inout [String: Any]) -> Void) throws {
    let data = try Files.read("\(path)/\(name)")
    var object = try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:]
    change(&object)
    try Files.write(JSONSerialization.data(withJSONObject: object), to: "\(path)/\(name)")
  }

  /// Writes the weights anew.
  func changeTensors(_ change: (inout [(name: String, value: Tensor)]) -> Void) throws {
    let file = try SafeTensorsFile(path: "\(path)/model.safetensors")
    var tensors: [(name: String, value: Tensor)] = []
    for name in file.names { tensors.append((name, try file.tensor(name))) }
    change(&tensors)
    try SafeTensorsFile.write(tensors, to: "\(path)/model.safetensors")
  }
}
