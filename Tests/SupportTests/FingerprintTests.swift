import Foundation
import Support
import TestSupport
import Testing

@Suite struct FingerprintTests {
  @Test func knownHashes() throws {
    // FIPS 180-4, "abc".
    let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    #expect(Fingerprint.data(Data("abc".utf8)) == abc)
    try withTemporaryFolder { folder in
      try Data("abc".utf8).write(to: URL(filePath: "\(folder)/x"))
      #expect(try Fingerprint.file("\(folder)/x") == abc)
      // More than one chunk.
      let long = Data((0..<3_000_001).map { UInt8(truncatingIfNeeded: $0 &* 31) })
      try long.write(to: URL(filePath: "\(folder)/y"))
      #expect(try Fingerprint.file("\(folder)/y") == Fingerprint.data(long))
      #expect(throws: InputError.self) { try Fingerprint.file("\(folder)/z") }
    }
  }

  @Test func foldersHashByPathAndContent() throws {
    try withTemporaryFolder { folder in
      func write(_ path: String, _ text: String) throws {
        let url = URL(filePath: "\(folder)/\(path)")
        try FileManager.default.createDirectory(
          at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
      }
      for root in ["a", "b"] {
        try write("\(root)/config.json", "{}")
        try write("\(root)/sub/model", "weights")
      }
      let first = try Fingerprint.folder("\(folder)/a")
      #expect(try Fingerprint.folder("\(folder)/b") == first)
      let lines = ["config.json": "{}", "sub/model": "weights"].sorted { $0.key < $1.key }
        .map { "\(Fingerprint.data(Data($0.value.utf8)))  \($0.key)\n" }.joined()
      #expect(first == Fingerprint.data(Data(lines.utf8)))
      try write("b/sub/model", "other")
      #expect(try Fingerprint.folder("\(folder)/b") != first)
      // A link counts as what it leads to, as in downloaded model folders.
      try FileManager.default.removeItem(atPath: "\(folder)/b/sub/model")
      try FileManager.default.createSymbolicLink(
        atPath: "\(folder)/b/sub/model", withDestinationPath: "\(folder)/a/sub/model")
      #expect(try Fingerprint.folder("\(folder)/b") == first)
      #expect(throws: InputError.self) { try Fingerprint.folder("\(folder)/none") }
    }
  }

  @Test func canonicalJSONHasOneSpelling() {
    struct Sample: Encodable {
      var b = [1.0, 0.1, 1e-7, 1e300, -2.5]
      var a10 = "\"\\/\n\u{1F600}é"
      var a2 = true
      var single: Float = 0.1
      var missing: Int? = nil
      var large: Int64 = .max
      var B: [String: Int] = ["z": 1, "Ä": 2, "a": 3]
    }
    let text = String(decoding: Fingerprint.canonicalJSON(Sample()), as: UTF8.self)
    #expect(
      text == #"{"B":{"a":3,"z":1,"Ä":2},"a10":"\"\\/\u000a"# + "\u{1F600}é"
        + #"","a2":true,"b":[1,0.1,1e-07,1e+300,-2.5],"large":9223372036854775807,"single":0.1}"#)
  }
}
