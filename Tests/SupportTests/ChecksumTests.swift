import Foundation
import Support
import TestSupport
import Testing

/// Beside what `xxhsum -H128` prints.
@Suite struct ChecksumTests {
  private static let long = Data((0..<1_280_000).map { UInt8($0 % 256) })

  @Test func publishedValues() {
    #expect("\(Checksum(Data()))" == "99aa06d3014798d86001c324468d497f")
    #expect("\(Checksum(Data("a".utf8)))" == "a96faf705af16834e6c632b61e964e1f")
    #expect("\(Checksum(Self.long))" == "f04a656f7c455c227daf22229bad219a")
  }

  @Test func piecesAndFiles() throws {
    let stream = Checksum.Stream()
    var rest = Self.long
    for size in [0, 1, 7, 300_000, 5, 2_000_000] {
      rest.prefix(size).withUnsafeBytes(stream.update)
      rest = rest.dropFirst(size)
    }
    #expect(stream.checksum == Checksum(Self.long))
    try withTemporaryFolder { folder in
      try Files.write(Self.long, to: "\(folder)/long")
      #expect(try Checksum(file: "\(folder)/long") == Checksum(Self.long))
      try Files.write(Data(), to: "\(folder)/empty")
      #expect(try Checksum(file: "\(folder)/empty") == Checksum(Data()))
      #expect(throws: InputError.self) { try Checksum(file: "\(folder)/none") }
    }
  }

  @Test func anyBitCounts() {
    let whole = Checksum(Self.long.prefix(100))
    for bit in 0..<800 {
      var data = Data(Self.long.prefix(100))
      data[bit / 8] ^= 1 << UInt8(bit % 8)
      #expect(Checksum(data) != whole)
    }
  }
}
