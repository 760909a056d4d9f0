import Foundation
import Support
import Tensors
import TestSupport
import Testing

/// Files that PyTorch wrote (Goldens/make_weights.py), and files that only look like it.
@Suite struct PyTorchTests {
  private static let folder = fixture("Goldens/weights")

  /// The names and the bits of all tensors of a file.
  private func expectSame(
    _ weights: Weights, as expected: SafeTensorsFile, at location: SourceLocation = #_sourceLocation
  ) throws {
    #expect(weights.names == expected.names, sourceLocation: location)
    for name in expected.names {
      #expect(weights.shape(of: name) == expected.shape(of: name), sourceLocation: location)
      #expect(weights.type(of: name) == expected.type(of: name), sourceLocation: location)
      if expected.type(of: name)!.isFloatingPoint {
        let (read, right) = try (weights.tensor(name), expected.tensor(name))
        #expect(read.isIdentical(to: right), "\(name)", sourceLocation: location)
      } else {
        let (read, right) = try (weights.integers(name), expected.integers(name))
        #expect(read == right, "\(name)", sourceLocation: location)
      }
    }
  }

  @Test(arguments: [
    "zip-2.pt", "zip-3.pt", "zip-4.pt", "zip-5.pt", "zip64.pt", "legacy-2.pth", "legacy-4.pth",
    "nested.pt", "nested-legacy.pt", "nested-twice.pt", "expected.safetensors",
  ])
  func everyTensorIsRead(_ file: String) throws {
    let weights = try Weights(path: "\(Self.folder)/\(file)")
    try expectSame(weights, as: SafeTensorsFile(path: "\(Self.folder)/expected.safetensors"))
    try weights.requireAllRead()
  }

  /// The message names what is wrong, or what the pickle asks for.
  @Test func theRefusedAreNamed() throws {
    let files = try FileManager.default.contentsOfDirectory(atPath: "\(Self.folder)/refused")
    #expect(files.count > 15)
    for file in files {
      let name = (file as NSString).deletingPathExtension
      let error = #expect(throws: InputError.self) {
        try Weights(path: "\(Self.folder)/refused/\(file)")
      }
      #expect(error?.what.contains(name) == true, "\(error?.description ?? "")")
    }
  }

  /// A zip file of entries without content, of which those in `code` are compressed, as
  /// torch.jit.save writes them.
  private func archive(_ names: [String]) -> Data {
    func little(_ value: some FixedWidthInteger) -> Data {
      withUnsafeBytes(of: value.littleEndian) { Data($0) }
    }
    var (entries, directory) = (Data(), Data())
    for name in names {
      let method: UInt16 = name.contains("/code/") ? 8 : 0
      let rest =
        little(method) + Data(count: 16) + little(UInt16(name.utf8.count)) + little(UInt16(0))
      directory += little(UInt32(0x0201_4b50)) + Data(count: 4) + little(UInt16(0)) + rest
      directory += Data(count: 10) + little(UInt32(entries.count)) + Data(name.utf8)
      entries += little(UInt32(0x0403_4b50)) + Data(count: 2) + little(UInt16(0)) + rest
      entries += Data(name.utf8)
    }
    let end =
      little(UInt32(0x0605_4b50)) + Data(count: 4) + little(UInt16(names.count))
      + little(UInt16(names.count)) + little(UInt32(directory.count))
      + little(UInt32(entries.count)) + little(UInt16(0))
    return entries + directory + end
  }

  @Test func aTorchScriptArchiveIsCalledSo() throws {
    try withTemporaryFolder { folder in
      let path = "\(folder)/ViT-B-32.pt"
      let names = ["m/data.pkl", "m/code/__torch__/model.py", "m/constants.pkl", "m/version"]
      try Files.write(archive(names), to: path)
      let error = #expect(throws: InputError.self) { try Weights(path: path) }
      #expect(error?.what.hasPrefix("a TorchScript archive") == true && error?.place == path)
      // Without code it is a file that another program zipped, or an empty pickle.
      try Files.write(archive(["m/data.pkl", "m/version"]), to: path)
      let other = #expect(throws: InputError.self) { try Weights(path: path) }
      #expect(other?.what.contains("TorchScript") == false)
    }
  }

  /// Opens damaged bytes; whatever is read has a size that the file can hold.
  private func open(_ bytes: Data, as file: String, in folder: String) throws {
    let path = "\(folder)/\(file)"
    try bytes.write(to: URL(filePath: path))
    let weights = try Weights(path: path)
    for name in weights.names {
      let count = weights.shape(of: name)!.reduce(1, *)
      #expect(count <= bytes.count)
      if weights.type(of: name)!.isFloatingPoint {
        #expect(try weights.tensor(name).count == count)
      } else {
        #expect(try weights.integers(name).count == count)
      }
    }
  }

  @Test(arguments: [3, 4, 5]) func arraysAreTensorsToo(protocol version: Int) throws {
    let arrays = try Weights(path: "\(Self.folder)/tiny-arrays-\(version).pkl")
    let tensors = try Weights(path: "\(Self.folder)/tiny-zip.pt")
    #expect(arrays.names == tensors.names)
    let (found, expected) = try (arrays.tensor("a"), tensors.tensor("a"))
    #expect(found.isIdentical(to: expected))
    let integers = try arrays.integers("b")
    #expect(integers == [5, 6])
  }

  @Test(arguments: ["tiny-zip.pt", "tiny-legacy.pt", "tiny-arrays-4.pkl", "tiny-arrays-5.pkl"])
  func everyTruncationIsRefused(_ file: String) throws {
    let bytes = try Files.read("\(Self.folder)/\(file)")
    try withTemporaryFolder { folder in
      try open(bytes, as: file, in: folder)
      for length in 0..<bytes.count {
        #expect(throws: InputError.self, "\(length)") {
          try open(bytes.prefix(length), as: file, in: folder)
        }
      }
    }
  }

  /// Up to four bits at once, a thousand times: an error or tensors, never a crash.
  @Test(arguments: [
    "tiny-zip.pt", "tiny-legacy.pt", "tiny-arrays-3.pkl", "tiny-arrays-5.pkl",
    "expected.safetensors",
  ])
  func flippedBitsNeverCrash(_ file: String) throws {
    let bytes = try Files.read("\(Self.folder)/\(file)")
    var random = Seeded(5)
    var refused = 0
    try withTemporaryFolder { folder in
      for _ in 0..<1000 {
        var damaged = bytes
        for _ in 0..<Int.random(in: 1...4, using: &random) {
          damaged[Int.random(in: 0..<bytes.count, using: &random)] ^=
            1 << UInt8.random(in: 0..<8, using: &random)
        }
        do { try open(damaged, as: file, in: folder) } catch is InputError { refused += 1 }
      }
    }
    #expect(refused > 100 && refused < 1000)
  }
}
