import Foundation
import Support
import Tensors
import TestSupport
import Testing

/// NumPy's archives, as `Goldens/make_arrays.py` wrote them.
@Suite struct NumPyArchiveTests {
  private func open(_ name: String) throws -> TensorFile {
    try TensorFile.columns(fixture("Goldens/\(name).npz"))
  }

  @Test func arraysAreWhatNumPyWrote() throws {
    let file = try open("arrays")
    for name in ["f8", "f4", "f2"] {
      let stored = try #require(file.tensors[name])
      #expect(stored.shape == [2, 3])
      #expect(file.floats(of: stored, 0..<6) == [0, 1, -2, 3, -4, 5])
      #expect(file.floats(of: stored, 2..<4) == [-2, 3])
      #expect(file.floats(of: stored, 6..<6).isEmpty)
    }
    for name in ["i8", "i4", "i2", "i1"] {
      #expect(try file.integers(name) == [0, 1, -2, 3, -4, 5])
    }
    #expect(try file.integers("u1") == [0, 1, 2, 3, 4, 255])
    let bytes = try #require(file.tensors["u1"])
    #expect(file.withBytes(of: bytes) { Array($0) } == [0, 1, 2, 3, 4, 255])
    #expect(file.withBytes(of: bytes, 4..<6) { Array($0) } == [4, 255])
    let row = try #require(file.tensors["row"])
    #expect(row.shape == [2] && file.floats(of: row, 0..<2) == [0.5, -0.25])
    #expect(file.tensors["one"]?.shape == [] && file.tensors["none"]?.shape == [0, 4])
    #expect(try file.integers("one") == [7])
  }

  @Test(arguments: [
    (
      "arrays-compressed",
      "the array 'f4.npy' is compressed or encrypted; numpy.savez writes plain arrays, numpy.savez_compressed does not"
    ),
    (
      "arrays-columns",
      "the array 'f4' is in column order (expected row order, as numpy.ascontiguousarray makes it)"
    ),
    (
      "arrays-big",
      "the array 'f4' has an unsupported type (expected <f2, <f4, <f8, <i2, <i4, <i8, |b1, |i1, |u1, got >f4)"
    ),
  ]) func refused(name: String, what: String) throws {
    let error = #expect(throws: InputError.self) { try open(name) }
    #expect(error?.kind == .badData)
    #expect(error?.description == "\(fixture("Goldens/\(name).npz")): \(what)")
  }

  /// Damage is an error or changes nothing that matters; never a trap.
  @Test func damage() throws {
    let whole = try [UInt8](Files.read(fixture("Goldens/arrays.npz")))
    try withTemporaryFolder { folder in
      let path = "\(folder)/a.npz"
      var mutator = Mutator(seed: 2)
      for _ in 0..<400 {
        try Data(mutator.damaged(whole)).write(to: URL(filePath: path))
        do {
          let file = try TensorFile.columns(path)
          for (_, stored) in file.tensors { file.withBytes(of: stored) { _ in } }
        } catch let error as InputError {
          #expect(error.kind == .badData && error.place == path)
        }
      }
    }
  }
}
