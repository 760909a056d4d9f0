import Foundation
import Support
import Tensors
import TestSupport
import Testing

/// Folders and files of weights, and what a network asks of them.
@Suite struct WeightsTests {
  private let first = [
    (name: "a", value: Tensor([2], [1, 2])), (name: "b", value: Tensor([1], [3])),
  ]
  private let second = [(name: "c", value: Tensor([3], [4, 5, 6]))]

  private func message(_ body: () throws -> Void) -> String {
    let error = #expect(throws: InputError.self) { try body() }
    return error?.description ?? ""
  }

  /// A folder of two shards with an index.
  private func withShards(
    _ map: [String: String] = ["a": "1.safetensors", "b": "1.safetensors", "c": "2.safetensors"],
    _ body: (String) throws -> Void
  ) throws {
    try withTemporaryFolder { folder in
      try SafeTensorsFile.write(first, as: .float16, to: "\(folder)/1.safetensors")
      try SafeTensorsFile.write(second, to: "\(folder)/2.safetensors")
      let index = try JSONSerialization.data(withJSONObject: ["metadata": [:], "weight_map": map])
      try Files.write(index, to: "\(folder)/model.safetensors.index.json")
      try body(folder)
    }
  }

  @Test func shardsAreOne() throws {
    try withShards { folder in
      let weights = try Weights(path: folder)
      #expect(weights.names == ["a", "b", "c"] && weights.contains("c") && !weights.contains("d"))
      #expect(weights.shape(of: "c") == [3] && weights.type(of: "a") == .float16)
      #expect(weights.parameterCount == 6 && weights.parameterTypes == [.float16, .float32])
      let values = try weights.tensor("a").array + weights.tensor("c", shape: [3]).array
      #expect(values == [1, 2, 4, 5, 6])
      let left = message { try weights.requireAllRead() }
      #expect(left.contains("a tensor is left over") && left.contains("'b' [1]"), "\(left)")
      try weights.requireAllRead { $0 == "b" }
      #expect(message { _ = try weights.tensor("c", shape: [4]) }.contains("2.safetensors"))
      #expect(message { _ = try weights.tensor("cc") }.contains("the nearest is 'c'"))
    }
  }

  @Test func mistakenIndexesAreNamed() throws {
    try withShards(["a": "1.safetensors", "b": "3.safetensors"]) { folder in
      #expect(message { _ = try Weights(path: folder) }.contains("3.safetensors"))
    }
    try withShards(["a": "2.safetensors", "b": "1.safetensors"]) { folder in
      let text = message { _ = try Weights(path: folder) }
      #expect(text.contains("2.safetensors") && text.contains("'a'"), "\(text)")
    }
    try withShards(["a": "../1.safetensors"]) { folder in
      #expect(message { _ = try Weights(path: folder) }.contains("'../1.safetensors'"))
    }
    try withShards { folder in
      try Files.write(Data("{}".utf8), to: "\(folder)/model.safetensors.index.json")
      #expect(message { _ = try Weights(path: folder) }.contains("weight_map"))
    }
  }

  @Test func foldersOfPublishedNames() throws {
    try withTemporaryFolder { folder in
      #expect(message { _ = try Weights(path: folder) }.contains("model.safetensors or pytorch"))
      #expect(message { _ = try Weights(path: "\(folder)/x.pt") }.contains("x.pt"))
      let tiny = try Files.read(fixture("Goldens/weights/tiny-zip.pt"))
      try Files.write(tiny, to: "\(folder)/pytorch_model-1.bin")
      let index = #"{"weight_map":{"a":"pytorch_model-1.bin","b":"pytorch_model-1.bin"}}"#
      try Files.write(Data(index.utf8), to: "\(folder)/pytorch_model.bin.index.json")
      #expect(try Weights(path: folder).tensor("a").array == [1, 3, 2, 4])
      try Files.write(tiny, to: "\(folder)/pytorch_model.bin")
      #expect(try Weights(path: folder).integers("b") == [5, 6])
      try SafeTensorsFile.write(first, to: "\(folder)/model.safetensors")
      #expect(try Weights(path: folder).names == ["a", "b"])
      try Files.write(
        Data("version https://git-lfs.github.com/spec/v1\n".utf8), to: "\(folder)/model.safetensors"
      )
      #expect(message { _ = try Weights(path: folder) }.contains("git lfs pull"))
    }
  }

  @Test func leftOversAreCounted() throws {
    try withTemporaryFolder { folder in
      let tensors = (0..<6).map { (name: "t\($0)", value: Tensor([1], [0])) }
      try SafeTensorsFile.write(tensors, to: "\(folder)/x.safetensors")
      let weights = try Weights(path: "\(folder)/x.safetensors")
      let text = message { try weights.requireAllRead() }
      #expect(
        text.contains("6 tensors") && text.contains("'t0' [1], 't1', 't2' and 3 more"), "\(text)")
    }
  }
}
