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

  /// Around all names or around none; one in the other, too.
  @Test(arguments: [
    (["module.a", "module.b"], ["a", "b"]), (["model.a", "model.b"], ["a", "b"]),
    (["module._orig_mod.a", "module._orig_mod.b"], ["a", "b"]),
    (["model.a", "b"], ["b", "model.a"]), (["modela", "modelb"], ["modela", "modelb"]),
  ])
  func whatWrapsAllNamesIsLeftOut(stored: [String], names: [String]) throws {
    try withTemporaryFolder { folder in
      let tensors = stored.enumerated().map {
        (name: $0.element, value: Tensor([1], [Float($0.offset)]))
      }
      try SafeTensorsFile.write(tensors, to: "\(folder)/model.safetensors")
      let weights = try Weights(path: folder)
      #expect(weights.names == names && weights.parameterCount == 2)
      for name in names { #expect(weights.shape(of: name) == [1] && weights.contains(name)) }
      let values = try names.map { try weights.tensor($0, shape: [1]).scalar }
      #expect(values.sorted() == [0, 1])
      try weights.requireAllRead()
    }
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity], [StoredType.float32, .float16, .bfloat16])
  func whatIsNotFiniteIsRefused(value: Float, type: StoredType) throws {
    try withTemporaryFolder { folder in
      let tensors = [
        (name: "good", value: Tensor([2], [1, 2])),
        (name: "bad", value: Tensor([2, 2], [1, 2, value, 3])),
      ]
      let path = "\(folder)/model.safetensors"
      try SafeTensorsFile.write(tensors, as: type, to: path)
      for source: any TensorSource in [try SafeTensorsFile(path: path), try Weights(path: folder)] {
        #expect(try source.tensor("good", shape: [2]).array == [1, 2])
        let error = #expect(throws: InputError.self) { try source.tensor("bad", shape: nil) }
        #expect(error?.what == "tensor 'bad' is not finite" && error?.place == path)
        #expect(error?.got?.hasSuffix("as element 2, 1 of 4 such") == true, "\(error?.got ?? "")")
      }
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
