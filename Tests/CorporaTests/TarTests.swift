import Corpora
import Foundation
import Support
import TestSupport
import Testing

/// WebDataset's tar files, made by the system's `tar` and by hand.
@Suite struct TarTests {
  /// A header and its content, in ustar's form.
  private func member(
    _ name: String, _ content: String, type: Character = "0", prefix: String = "",
    size: Int? = nil
  ) -> [UInt8] {
    var header = [UInt8](repeating: 0, count: 512)
    func put(_ text: String, at place: Int) {
      header.replaceSubrange(place..<place + text.utf8.count, with: text.utf8)
    }
    let bytes = Array(content.utf8)
    let octal = String(size ?? bytes.count, radix: 8)
    put(name, at: 0)
    put(String(repeating: "0", count: 11 - octal.count) + octal, at: 124)
    put(String(type), at: 156)
    put("ustar\u{0}00", at: 257)
    put(prefix, at: 345)
    put("        ", at: 148)
    let sum = String(header.reduce(0) { $0 + Int($1) }, radix: 8)
    put(String(repeating: "0", count: 6 - sum.count) + sum + "\u{0} ", at: 148)
    return header + bytes + [UInt8](repeating: 0, count: (512 - bytes.count % 512) % 512)
  }

  private let end = [UInt8](repeating: 0, count: 1024)

  private func refusal(_ path: String) throws -> InputError {
    try #require(throws: InputError.self) { try ImageCorpus(path) }
  }

  @Test func membersByTheirNames() throws {
    try withTemporaryFolder { folder in
      try Files.write(
        Data(
          member("./b.jpg", "second") + member("b.json", "{}") + member("._b.jpg", "of macOS")
            + member("in/", "", type: "5") + member("link.jpg", "", type: "2")
            + member("c.HEIC", "x", prefix: "in/deep") + end), to: "\(folder)/0.tar")
      // Without the two blocks at the end, as some writers leave it.
      try Files.write(Data(member("a.png", "first")), to: "\(folder)/1.tar")
      let corpus = try ImageCorpus("\(folder)/{0..1}.tar")
      #expect(corpus.names == ["a.png", "b.jpg", "in/deep/c.HEIC"])
      #expect(
        try corpus.names.map { String(decoding: try corpus.source.read($0), as: UTF8.self) }
          == ["first", "second", "x"])
      #expect(corpus.source.place(of: "b.jpg") == "\(folder)/0.tar: b.jpg")
      #expect(corpus.source.stamp(of: "b.jpg")?.size == 6)
      #expect(corpus.source.stamp(of: "none.jpg") == nil)
      #expect(
        corpus.files
          == ["0.tar", "1.tar"].map {
            URL(filePath: "\(folder)/\($0)").standardizedFileURL.path
          })
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder).count == 2)
    }
  }

  @Test func longNames() throws {
    try withTemporaryFolder { folder in
      let long = String(repeating: "ü/", count: 100) + "1.jpg"
      let record = " path=\(long)\n"
      // The number counts its own digits.
      let pax = "\(record.utf8.count + 3)\(record)"
      try Files.write(
        Data(
          member("x", pax, type: "x") + member("short", "by pax")
            + member("././@LongLink", "gnu-\(long)\u{0}", type: "L") + member("cut", "by gnu")
            + member("plain.jpg", "plain") + end), to: "\(folder)/a.tar")
      let corpus = try ImageCorpus("\(folder)/a.tar")
      #expect(corpus.names == ["gnu-\(long)", "plain.jpg", long])
      #expect(try corpus.source.read(long) == Data("by pax".utf8))
      #expect(try corpus.source.read("gnu-\(long)") == Data("by gnu".utf8))
    }
  }

  @Test(arguments: ["ustar", "pax", "gnu", "v7", "oldgnu"])
  func whatTarMakes(format: String) throws {
    try withTemporaryFolder { folder in
      let name = format == "v7" ? "a.jpg" : String(repeating: "deep/", count: 25) + "a.jpg"
      try Files.createFolder(PathText.folder(of: "\(folder)/in/\(name)"))
      try Files.write(Data("content".utf8), to: "\(folder)/in/\(name)")
      let process = Process()
      process.executableURL = URL(filePath: "/bin/tar")
      process.arguments = ["--format", format, "-C", "\(folder)/in", "-cf", "\(folder)/a.tar", "."]
      try process.run()
      process.waitUntilExit()
      try #require(process.terminationStatus == 0)
      let corpus = try ImageCorpus("\(folder)/a.tar")
      #expect(corpus.names == [name])
      #expect(try corpus.source.read(name) == Data("content".utf8))
    }
  }

  @Test func patterns() throws {
    try withTemporaryFolder { folder in
      for name in ["train-08", "train-09", "train-10", "val-1", "{odd}"] {
        try Files.write(Data(member("\(name).jpg", name) + end), to: "\(folder)/\(name).tar")
      }
      func names(_ pattern: String) throws -> [String] {
        try ImageCorpus("\(folder)/\(pattern)").names
      }
      #expect(
        try names("train-{08..10}.tar") == ["train-08.jpg", "train-09.jpg", "train-10.jpg"])
      #expect(try names("{train-09,val-1}.tar") == ["train-09.jpg", "val-1.jpg"])
      #expect(try names("{train,val}-*.tar").count == 4)
      #expect(try names("*1*.tar") == ["train-10.jpg", "val-1.jpg"])
      #expect(try names("{odd}.tar") == ["{odd}.jpg"])
      let missing = try refusal("\(folder)/train-{08..11}.tar")
      #expect(
        "\(missing)" == "\(folder)/train-{08..11}.tar: 1 of 4 tar files are missing "
          + "(expected \(folder)/train-11.tar)")
      for (pattern, words) in [
        ("{1..x}.tar", "braces that name nothing"), ("{3..1}.tar", "braces that name nothing"),
        ("{1.tar", "a brace that nothing closes"), ("{0..999}{0..9999}.tar", "too many tar files"),
        ("none*.tar", "no such tar files"),
      ] {
        #expect("\(try refusal("\(folder)/\(pattern)"))".contains(words), "\(pattern)")
      }
    }
  }

  @Test func damage() throws {
    try withTemporaryFolder { folder in
      let tar = "\(folder)/a.tar"
      let whole = member("a.jpg", "content") + member("b.jpg", String(repeating: "b", count: 600))
      func refusal(_ bytes: [UInt8]) throws -> String {
        try Files.write(Data(bytes), to: tar)
        return "\(try self.refusal(tar))"
      }
      #expect(try refusal([0x1F, 0x8B] + whole).contains("packed by gzip"))
      #expect(
        try refusal(Array(whole.prefix(1200)))
          == "\(tar) at byte 1024: a header that is cut off")
      var flipped = whole
      flipped[1024] ^= 1
      #expect(
        try refusal(flipped) == "\(tar) at byte 1024: not the header of a file in a tar")
      #expect(
        try refusal(member("a.jpg", "1") + member("a.jpg", "2") + end).contains(
          "two members have one name (expected keys that are all different, got 'a.jpg', also in"))
      #expect(try refusal(member("../a.jpg", "1") + end).contains("a member outside its tar"))
      #expect(try refusal(member("a.txt", "1") + end).contains("no images"))
      // An image that is cut off is that image's trouble.
      try Files.write(Data(whole.dropLast(500)), to: tar)
      let corpus = try ImageCorpus(tar)
      #expect(corpus.names == ["a.jpg", "b.jpg"])
      let error = try #require(throws: InputError.self) { try corpus.source.read("b.jpg") }
      #expect(
        "\(error)" == "\(tar): b.jpg: the tar is cut off within it (expected 600 bytes, got 524)")
    }
  }

  /// Sizes that no file has must neither trap nor take memory.
  @Test func damagedHeaders() throws {
    try withTemporaryFolder { folder in
      let tar = "\(folder)/a.tar"
      let sample =
        member("x", "14 path=b.jpg\n", type: "x") + member("a.jpg", "content")
        + member("c.jpg", "more", size: 0o7777777) + end
      try Fuzzing.run("tar", share: 0.2, samples: [sample]) { bytes in
        try Data(bytes).write(to: URL(filePath: tar))
        guard let corpus = try? ImageCorpus(tar) else { return }
        for name in corpus.names { _ = try? corpus.source.read(name) }
      }
    }
  }
}
