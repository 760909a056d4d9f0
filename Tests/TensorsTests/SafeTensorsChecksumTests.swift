import Foundation
import Support
import Tensors
import TestSupport
import Testing

/// Files of ours are what was written, or refused; files of others are read as they are.
@Suite struct SafeTensorsChecksumTests {
  private static let tensors = [
    (name: "b", value: Tensor([2, 2], [1, -2, 3.5, 0])), (name: "a", value: Tensor(zeros: [0, 3])),
    (name: "one", value: Tensor(scalar: 7)),
  ]
  private static let metadata = ["step": "12", "name": "a \"quoted\" one"]
  private static let remedy = "make it again"

  /// Writes the bytes and reads all of the file, as its reader of one's own files, as any reader of
  /// them, and as weights.
  private func expectRefused(
    _ bytes: Data, at path: String, _ what: String, location: SourceLocation = #_sourceLocation
  ) throws {
    try bytes.write(to: URL(filePath: path))
    let own = #expect(throws: InputError.self, "\(what)", sourceLocation: location) {
      try readAll(SafeTensorsFile(own: path, remedy: Self.remedy))
    }
    #expect(own?.place == path && own?.kind == .badData, "\(what)", sourceLocation: location)
    #expect(own?.hint == Self.remedy, "\(what)", sourceLocation: location)
    #expect(throws: InputError.self, "\(what)", sourceLocation: location) {
      try readAll(SafeTensorsFile(path: path))
    }
    #expect(throws: InputError.self, "\(what)", sourceLocation: location) {
      let weights = try Weights(path: path)
      for name in weights.names {
        if weights.type(of: name)?.isFloatingPoint == true {
          _ = try weights.tensor(name)
        } else {
          _ = try weights.integers(name)
        }
      }
    }
  }

  private func readAll(_ file: SafeTensorsFile) throws {
    for name in file.names {
      if file.type(of: name)?.isFloatingPoint == true {
        _ = try file.tensor(name)
      } else {
        _ = try file.integers(name)
      }
    }
  }

  /// Byte for byte what Python makes of the format's description.
  @Test func theFormatIsAsDescribed() throws {
    let golden = try Files.read(fixture("Goldens/checksums.safetensors"))
    #expect(SafeTensorsFile.encode(Self.tensors, metadata: Self.metadata) == golden)
    let file = try SafeTensorsFile(
      own: fixture("Goldens/checksums.safetensors"), remedy: Self.remedy)
    #expect(file.metadata == Self.metadata && file.names == ["a", "b", "one"])
    for (name, value) in Self.tensors {
      let read = try file.tensor(name)
      #expect(read.shape == value.shape && read.array == value.array)
    }
    try file.check()
    let integers = try SafeTensorsFile(
      own: fixture("Goldens/checksums-integers.safetensors"), remedy: Self.remedy)
    #expect(integers.metadata.isEmpty)
    let (wide, narrow) = try (integers.integers("wide"), integers.integers("narrow"))
    #expect(wide == [-1, 1 << 40] && narrow == [0, 7, 255])
  }

  @Test(arguments: ["checksums.safetensors", "checksums-integers.safetensors"])
  func everyFlippedBitIsRefused(_ golden: String) throws {
    let whole = try Files.read(fixture("Goldens/\(golden)"))
    try withTemporaryFolder { folder in
      for bit in 0..<whole.count * 8 {
        var damaged = whole
        damaged[bit / 8] ^= 1 << UInt8(bit % 8)
        try expectRefused(damaged, at: "\(folder)/x.safetensors", "bit \(bit)")
      }
    }
  }

  @Test(arguments: [StoredType.float32, .float16, .bfloat16])
  func everyTypeIsChecked(_ type: StoredType) throws {
    let bytes = SafeTensorsFile.encode(Self.tensors, as: type)
    try withTemporaryFolder { folder in
      let path = "\(folder)/x.safetensors"
      try bytes.write(to: URL(filePath: path))
      try readAll(SafeTensorsFile(own: path, remedy: Self.remedy))
      for place in bytes.count - 5 * type.size..<bytes.count {
        var damaged = bytes
        damaged[place] ^= 1
        try expectRefused(damaged, at: path, "byte \(place)")
      }
    }
  }

  /// Larger than the caches of a core.
  @Test func aLargeTensorIsChecked() throws {
    var generator = SeededGenerator(seed: 4)
    let large = Tensor.normal([700_000], standardDeviation: 1, using: &generator)
    let bytes = SafeTensorsFile.encode([("large", large)])
    try withTemporaryFolder { folder in
      let path = "\(folder)/x.safetensors"
      try bytes.write(to: URL(filePath: path))
      let read = try SafeTensorsFile(own: path, remedy: Self.remedy).tensor("large")
      #expect(read.array == large.array)
      for place in [bytes.count - 4 * large.count, bytes.count / 2, bytes.count - 1] {
        var damaged = bytes
        damaged[place] ^= 1
        try expectRefused(damaged, at: path, "byte \(place)")
      }
    }
  }

  @Test func aDamagedTensorIsNamed() throws {
    var bytes = SafeTensorsFile.encode(Self.tensors)
    bytes[bytes.count - 1] ^= 1
    try withTemporaryFolder { folder in
      let path = "\(folder)/x.safetensors"
      try bytes.write(to: URL(filePath: path))
      let file = try SafeTensorsFile(own: path, remedy: Self.remedy)
      // What is whole can be had.
      #expect(try file.tensor("b").array == [1, -2, 3.5, 0])
      let reads: [() throws -> Void] = [{ _ = try file.tensor("one") }, { try file.check() }]
      for read in reads {
        let error = #expect(throws: InputError.self) { try read() }
        #expect(error?.what == "tensor 'one' does not have the checksum it was written with")
        #expect(error?.expected == "93057c542f432ef14d8249a3f8d1cdd1" && error?.place == path)
        #expect(error?.hint == Self.remedy)
      }
      let weights = #expect(throws: InputError.self) { try Weights(path: path).tensor("one") }
      #expect(weights?.hint == "bring the file from a copy, or make it again")
    }
  }

  @Test func filesOfOtherProgramsAreReadWhereTheyMayStand() throws {
    let foreign = SafeTensorsFile.encode(
      Self.tensors, metadata: Self.metadata, hasChecksums: false)
    #expect(!String(decoding: foreign, as: UTF8.self).contains("xxh3"))
    try withTemporaryFolder { folder in
      let path = "\(folder)/x.safetensors"
      try foreign.write(to: URL(filePath: path))
      let file = try SafeTensorsFile(path: path)
      #expect(try file.metadata == Self.metadata && file.tensor("one").scalar == 7)
      try file.check()
      #expect(try Weights(path: path).tensor("one").scalar == 7)
      let error = #expect(throws: InputError.self) {
        try SafeTensorsFile(own: path, remedy: Self.remedy)
      }
      #expect(error?.what == "the header has no checksums" && error?.hint == Self.remedy)
      let missing = #expect(throws: InputError.self) {
        try SafeTensorsFile(own: "\(folder)/none", remedy: Self.remedy)
      }
      #expect(missing?.kind == .missingInput && missing?.hint != Self.remedy)
    }
  }

  /// A file without tensors has the header's checksum all the same.
  @Test func aFileOfMetadataAloneIsChecked() throws {
    let bytes = SafeTensorsFile.encode([], metadata: ["step": "12"])
    let step = try #require(bytes.range(of: Data("12".utf8)))
    var damaged = bytes
    damaged[step.lowerBound] = UInt8(ascii: "9")
    try withTemporaryFolder { folder in
      let path = "\(folder)/x.safetensors"
      try bytes.write(to: URL(filePath: path))
      let file = try SafeTensorsFile(own: path, remedy: Self.remedy)
      #expect(file.metadata == ["step": "12"] && file.names.isEmpty)
      try expectRefused(damaged, at: path, "another step")
    }
  }
}
