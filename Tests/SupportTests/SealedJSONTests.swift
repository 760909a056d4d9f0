import Foundation
import Support
import TestSupport
import Testing

@Suite struct SealedJSONTests {
  private let object = #"{"name":"é \"x\"","value":[1,2.5]}"#

  @Test func theLastMemberIsTheChecksumOfWhatIsBeforeIt() throws {
    let sealed = SealedJSON.sealed(object)
    let checksum = Checksum(Data(object.utf8).dropLast())
    #expect(sealed == String(object.dropLast()) + ",\"xxh3\":\"\(checksum)\"}")
    let values = try #require(
      try JSONSerialization.jsonObject(with: Data(sealed.utf8)) as? [String: Any])
    #expect(values.keys.sorted() == ["name", "value", "xxh3"])
    let opened = try SealedJSON.opened(Array(sealed.utf8), at: "here")
    #expect(String(decoding: opened, as: UTF8.self) == object)
    // Of a slice of something longer, too.
    let data = Data("x\(sealed)".utf8).dropFirst()
    #expect(try SealedJSON.opened(data, at: "here") == Data(object.utf8))
  }

  @Test func noFlipAndNoCutIsOverlooked() {
    let sealed = Array(SealedJSON.sealed(object).utf8)
    for bit in 0..<sealed.count * 8 {
      var damaged = sealed
      damaged[bit / 8] ^= 1 << UInt8(bit % 8)
      if case .sound = SealedJSON.look(at: damaged) { Issue.record("bit \(bit)") }
      #expect(throws: InputError.self) { try SealedJSON.opened(damaged, at: "here") }
    }
    for length in 0..<sealed.count {
      if case .sound = SealedJSON.look(at: Array(sealed.prefix(length))) {
        Issue.record("cut after \(length) bytes")
      }
    }
  }

  @Test func whatIsWrongIsSaid() throws {
    #expect(SealedJSON.look(at: Array(object.utf8)) == .unsealed)
    let other = SealedJSON.sealed(object).replacing("2.5", with: "2.6")
    let error = #expect(throws: InputError.self) {
      try SealedJSON.opened(Array(other.utf8), at: "here", hint: "do it again")
    }
    let (own, found) = (
      Checksum(Data(object.utf8).dropLast()),
      Checksum(Data(object.replacing("2.5", with: "2.6").utf8).dropLast())
    )
    #expect(
      error?.description
        == "here: does not have the checksum it was written with (expected \(own), got \(found)); "
        + "do it again")
    #expect(error?.kind == .badData)
  }

  @Test func filesComeBackOrAreNil() throws {
    try withTemporaryFolder { folder in
      let path = "\(folder)/a.json"
      #expect(SealedJSON.read(path) == nil)
      try SealedJSON.write(Data(object.utf8), to: path)
      #expect(SealedJSON.read(path) == Data(object.utf8))
      var bytes = try Files.read(path)
      bytes[9] ^= 1
      try Files.write(bytes, to: path)
      #expect(SealedJSON.read(path) == nil)
      try Files.write(Data(), to: path)
      #expect(SealedJSON.read(path) == nil)
    }
  }
}
