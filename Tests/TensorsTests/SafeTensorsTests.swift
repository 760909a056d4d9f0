import Foundation
import Support
import Tensors
import TestSupport
import Testing

/// Safetensors files that are right, and files that lie.
@Suite struct SafeTensorsTests {
  private let tensors = [
    (name: "b", value: Tensor([2, 2], [1, -2, 3.5, 0])), (name: "a", value: Tensor(zeros: [0, 3])),
    (name: "one", value: Tensor(scalar: 7)),
  ]

  /// Opens a file of these bytes.
  private func open(_ bytes: Data, _ body: (SafeTensorsFile) throws -> Void = { _ in }) throws {
    try withTemporaryFolder { folder in
      let path = "\(folder)/x.safetensors"
      try bytes.write(to: URL(filePath: path))
      try body(SafeTensorsFile(path: path))
    }
  }

  private func file(_ header: String, body: Int = 16) -> Data {
    var data = Data()
    withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { data.append(contentsOf: $0) }
    return data + Data(header.utf8) + Data(count: body)
  }

  @Test(arguments: [StoredType.float32, .float16, .bfloat16])
  func writesAndReads(_ type: StoredType) throws {
    let bytes = SafeTensorsFile.encode(tensors, metadata: ["step": "12"], as: type)
    try open(bytes) { file in
      #expect(file.names == ["a", "b", "one"] && file.metadata == ["step": "12"])
      #expect(file.shape(of: "one") == [] && file.type(of: "b") == type && !file.contains("c"))
      for (name, value) in tensors {
        let read = try file.tensor(name); #expect(read.isIdentical(to: value))
      }
    }
  }

  @Test func integers() throws {
    let header = """
      {"i":{"dtype":"I64","shape":[2],"data_offsets":[0,16]},
      "u":{"dtype":"U8","shape":[3],"data_offsets":[16,19]}}
      """
    try open(file(header, body: 19)) { file in
      let (wide, narrow) = try (file.integers("i"), file.integers("u"))
      #expect(wide == [0, 0] && narrow == [0, 0, 0])
      #expect(throws: InputError.self) { try file.tensor("i") }
    }
  }

  @Test func mistakesAreNamed() throws {
    try open(SafeTensorsFile.encode(tensors)) { file in
      let wrong = #expect(throws: InputError.self) { try file.tensor("b", shape: [4]) }
      #expect(wrong?.expected == "[4]" && wrong?.got == "[2, 2]")
      let missing = #expect(throws: InputError.self) { try file.tensor("onee") }
      #expect(missing?.hint?.contains("'one'") == true)
      #expect(throws: InputError.self) { try file.integers("b") }
    }
    #expect(throws: InputError.self) { try SafeTensorsFile(path: "/nowhere/x.safetensors") }
  }

  @Test(arguments: [
    "", "[]", "{", #"{"x":1}"#,
    #"{"x":{"dtype":"F99","shape":[1],"data_offsets":[0,4]}}"#,
    #"{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,400]}}"#,
    #"{"x":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}}"#,
    #"{"x":{"dtype":"F32","shape":[1],"data_offsets":[8,4]}}"#,
    #"{"x":{"dtype":"F32","shape":[3],"data_offsets":[0,4]}}"#,
    #"{"x":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#,
    #"{"x":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}"#,
    #"{"x":{"dtype":"F32","shape":[4611686018427387905],"data_offsets":[0,4]}}"#,
    #"{"x":{"dtype":"F32","shape":[1],"data_offsets":[0]}}"#,
    #"{"x":{"dtype":"F32","shape":[3],"data_offsets":[0,12]}}"#,
    #"{"x":{"dtype":"F32","shape":[3],"data_offsets":[4,16]}}"#,
    #"{"x":{"dtype":"I64","shape":[2],"data_offsets":[0,16]},"y":{"dtype":"U8","shape":[1],"data_offsets":[15,16]}}"#,
    #"{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"y":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}"#,
  ])
  func aLyingHeaderIsRefused(_ header: String) {
    #expect(throws: InputError.self) { try open(file(header)) }
  }

  @Test func deepHeadersAreRefused() {
    let deep = String(repeating: "[", count: 100_000)
    #expect(throws: InputError.self) { try open(file(deep)) }
    #expect(throws: InputError.self) { try open(file(#"{"x":\#(deep)"#)) }
    let ones = Array(repeating: "1", count: 10_000).joined(separator: ",")
    let header = #"{"x":{"dtype":"F32","shape":[\#(ones)],"data_offsets":[0,4]}}"#
    let error = #expect(throws: InputError.self) { try open(file(header, body: 4)) }
    #expect((error?.description.count ?? .max) < 400)
  }

  @Test func everyTruncationIsRefused() {
    let bytes = SafeTensorsFile.encode([("x", Tensor([3], [1, 2, 3]))])
    for length in 0..<bytes.count {
      #expect(throws: InputError.self) { try open(bytes.prefix(length)) }
    }
    var huge = bytes
    huge.replaceSubrange(0..<8, with: Data(repeating: 0xff, count: 8))
    #expect(throws: InputError.self) { try open(huge) }
  }
}
