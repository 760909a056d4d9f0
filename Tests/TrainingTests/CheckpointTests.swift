import Foundation
import Support
import Tensors
import TestSupport
import Testing
import Training

@Suite struct CheckpointTests {
  private func parameters(_ start: Float = 0) -> [Parameter] {
    [
      Parameter("a.weight", Tensor([2, 3], (0..<6).map { start + Float($0) / 7 })),
      Parameter("a.bias", Tensor([3], [start, -1, 1e-20]), decays: false),
    ]
  }

  private func write(_ folder: String, optimizer: SGD? = nil) throws -> String {
    let path = "\(folder)/c.safetensors"
    try Checkpoint.write(
      parameters(), optimizer: optimizer, kind: "student", step: 41, metadata: ["recipe": "r"],
      to: path)
    return path
  }

  @Test func everythingComesBack() throws {
    try withTemporaryFolder { folder in
      let optimizer = SGD(parameters())
      for parameter in optimizer.parameters { parameter.gradient = parameter.value }
      optimizer.step(rate: 0.1)
      let checkpoint = try Checkpoint(
        path: try write(folder, optimizer: optimizer), kind: "student")
      #expect(checkpoint.step == 41 && checkpoint.metadata["recipe"] == "r")
      let (restored, fresh) = (parameters(5), SGD(parameters(5)))
      try checkpoint.restore(restored)
      try checkpoint.restore(fresh)
      #expect(restored.map(\.value.array) == parameters().map(\.value.array))
      #expect(fresh.state.map(\.name) == ["a.weight", "a.bias"])
      #expect(fresh.state.map(\.value.array) == optimizer.state.map(\.value.array))
    }
  }

  @Test func aCheckpointOfAnotherKindIsRefused() throws {
    try withTemporaryFolder { folder in
      let path = try write(folder)
      let error = #expect(throws: InputError.self) {
        try Checkpoint(path: path, kind: "proposal network")
      }
      #expect(error?.place == path && error?.got == "vild-student")
    }
  }

  @Test func aMissingAnExtraAndAMisshapenTensorAreNamed() throws {
    try withTemporaryFolder { folder in
      let checkpoint = try Checkpoint(path: try write(folder), kind: "student")
      let more = parameters() + [Parameter("b.weight", Tensor(zeros: [1]))]
      let missing = #expect(throws: InputError.self) { try checkpoint.restore(more) }
      #expect(missing?.what.contains("model.b.weight") == true)
      let extra = #expect(throws: InputError.self) {
        try checkpoint.restore(Array(parameters().prefix(1)))
      }
      #expect(extra?.what.contains("model.a.bias") == true)
      let wide = [parameters()[0], Parameter("a.bias", Tensor(zeros: [4]))]
      let misshapen = #expect(throws: InputError.self) { try checkpoint.restore(wide) }
      #expect(misshapen?.expected == "[4]" && misshapen?.got == "[3]")
      #expect([missing, extra, misshapen].allSatisfy { $0?.place == "\(folder)/c.safetensors" })
    }
  }

  /// Cut anywhere, the file is an error that names it; it never half-restores or crashes.
  @Test func aTruncatedFileIsRefused() throws {
    try withTemporaryFolder { folder in
      let path = try write(folder)
      let whole = try Files.read(path)
      for count in [0, 7, 8, 60, whole.count - 1] {
        try Files.write(whole.prefix(count), to: path)
        let error = #expect(throws: InputError.self, "\(count) bytes") {
          try Checkpoint(path: path, kind: "student").restore(parameters())
        }
        #expect(error?.place == path)
      }
    }
  }

  /// A bit of each byte, of the header and of every tensor.
  @Test func aDamagedFileIsRefusedWithTheRemedy() throws {
    try withTemporaryFolder { folder in
      let optimizer = SGD(parameters())
      for parameter in optimizer.parameters { parameter.gradient = parameter.value }
      optimizer.step(rate: 0.1)
      let path = try write(folder, optimizer: optimizer)
      let whole = try Files.read(path)
      func read() throws {
        let checkpoint = try Checkpoint(path: path, kind: "student", remedy: "train anew")
        try checkpoint.restore(parameters())
        try checkpoint.restore(SGD(parameters()))
      }
      try read()
      for place in whole.indices {
        var damaged = whole
        damaged[place] ^= 1 << UInt8(place % 8)
        try damaged.write(to: URL(filePath: path))
        let error = #expect(throws: InputError.self, "byte \(place)") { try read() }
        #expect(error?.place == path && error?.hint == "train anew", "byte \(place)")
      }
    }
  }

  /// As other programs write them, and earlier versions of this one.
  @Test func aFileWithoutChecksumsIsRefused() throws {
    try withTemporaryFolder { folder in
      let path = try write(folder)
      let stored = try SafeTensorsFile(path: path)
      let tensors = try stored.names.map { (name: $0, value: try stored.tensor($0)) }
      let bytes = SafeTensorsFile.encode(tensors, metadata: stored.metadata, hasChecksums: false)
      try Files.write(bytes, to: path)
      let error = #expect(throws: InputError.self) { try Checkpoint(path: path, kind: "student") }
      #expect(error?.what == "the header has no checksums" && error?.place == path)
      #expect(error?.hint == "remove the file, and train again")
    }
  }

  @Test func metadataThatIsNoCheckpointsIsRefused() throws {
    try withTemporaryFolder { folder in
      let path = "\(folder)/c.safetensors"
      let right = ["format": "vild-student", "format_version": "2", "step": "3"]
      for (key, value) in [("format_version", "9"), ("step", "-1"), ("step", "x"), ("format", "")] {
        var metadata = right
        metadata[key] = value
        try SafeTensorsFile.write([], metadata: metadata, to: path)
        #expect(throws: InputError.self, "\(key) \(value)") {
          try Checkpoint(path: path, kind: "student")
        }
      }
    }
  }

  @Test func stateOfAnUnknownParameterIsRefused() throws {
    try withTemporaryFolder { folder in
      let other = SGD([Parameter("z", Tensor(zeros: [1]))])
      other.parameters[0].gradient = Tensor(zeros: [1])
      other.step(rate: 1)
      let checkpoint = try Checkpoint(path: try write(folder, optimizer: other), kind: "student")
      let error = #expect(throws: InputError.self) { try checkpoint.restore(SGD(parameters())) }
      #expect(error?.what.contains("'z'") == true && error?.place == "\(folder)/c.safetensors")
    }
  }
}
