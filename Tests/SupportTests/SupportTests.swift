import Foundation
import Support
import TestSupport
import Testing

@Suite struct InputErrorTests {
  @Test func oneLineWithEverythingKnown() {
    let error = InputError(
      .badData, "wrong\nwidth", at: "teacher.safetensors", expected: "384", got: "512",
      hint: "embed again")
    #expect(
      error.description == "teacher.safetensors: wrong width (expected 384, got 512); embed again")
    // Nothing in it commands a terminal.
    #expect(
      InputError(.badData, "a\u{1B}[2Jb\u{7F}", got: "é🙂\u{202E}").description
        == "a\\u{1B}[2Jb\\u{7F} (got é🙂\\u{202E})")
    #expect(
      "*** in database main ***\nPage 5:\r\n\u{7}".inOneLine
        == "*** in database main *** Page 5: \\u{07}")
  }

  @Test func fullDiskAsksToTryAgain() {
    #expect(InputError.system("cannot write", at: "x", code: ENOSPC).kind == .tryAgain)
    #expect(InputError.system("cannot write", at: "x", code: EACCES).kind == .cannotCreate)
  }
}

@Suite struct NearestNameTests {
  @Test(arguments: [
    ("epocs", "epochs"), ("epohcs", "epochs"), ("Teacher", "teacher"), ("banana", nil),
  ])
  func finds(typed: String, meant: String?) {
    #expect(nearestName(to: typed, among: ["epochs", "teacher", "proposals"]) == meant)
  }
}

@Suite struct FilesTests {
  @Test func writesAndReadsBack() throws {
    try withTemporaryFolder { folder in
      let path = "\(folder)/a.bin"
      try Files.write(Data([1, 2, 3]), to: path)
      try Files.write(Data([4, 5]), to: path)
      #expect(try Files.read(path) == Data([4, 5]))
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["a.bin"])
    }
  }

  /// Its size says nothing, and it holds less than is written into it.
  @Test func aPipeIsReadToItsEnd() throws {
    try withTemporaryFolder { folder in
      let (file, pipe) = ("\(folder)/a.bin", "\(folder)/pipe")
      let content = Data((0..<200_000).map { UInt8(truncatingIfNeeded: $0 / 7) })
      try Files.write(content, to: file)
      #expect(mkfifo(pipe, 0o600) == 0)
      let writer = try ChildProcess("/bin/sh", ["-c", "cat \"$0\" > \"$1\"", file, pipe])
      #expect(try Files.read(pipe) == content)
      #expect(writer.wait().status == 0)
    }
  }

  @Test func missingFileIsNamed() {
    #expect {
      try Files.read("/nowhere/a.bin")
    } throws: {
      ($0 as? InputError)?.kind == .missingInput && "\($0)".contains("/nowhere/a.bin")
    }
  }

  /// `/dev/full` accepts an open and fails every write with "no space left".
  @Test func fullDisk() throws {
    let descriptor = open("/dev/full", O_WRONLY)
    defer { close(descriptor) }
    #expect {
      try Files.writeAll(Data(count: 10), to: descriptor, path: "/dev/full")
    } throws: { ($0 as? InputError)?.kind == .tryAgain }
  }
}

@Suite struct PartFileTests {
  @Test func appearsWhole() throws {
    try withTemporaryFolder { folder in
      let path = "\(folder)/a.txt"
      let file = try PartFile(path: path)
      try file.write("one ")
      #expect(!Files.exists(path))
      try file.write("two")
      try file.publish()
      #expect(try Files.read(path) == Data("one two".utf8))
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["a.txt"])
    }
  }

  @Test func leavesNothingWhenDropped() throws {
    try withTemporaryFolder { folder in
      do {
        let file = try PartFile(path: "\(folder)/a.txt")
        // More than is kept in memory.
        try file.write(String(repeating: "x", count: 3 << 20))
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
    }
  }

  @Test func keepsTheOldFileUntilPublished() throws {
    try withTemporaryFolder { folder in
      let path = "\(folder)/a.txt"
      try Files.write(Data("old".utf8), to: path)
      do { try PartFile(path: path).write("new") }
      #expect(try Files.read(path) == Data("old".utf8))
    }
  }

  @Test func missingFolderIsNamed() {
    #expect {
      _ = try PartFile(path: "/nowhere/a.txt")
    } throws: { "\($0)".hasPrefix("/nowhere/a.txt: cannot write") }
  }
}

@Suite struct FolderTests {
  @Test func createsParentsAndAcceptsWhatIsThere() throws {
    try withTemporaryFolder { folder in
      for _ in 0..<2 { try Files.createFolder("\(folder)/a/b/c") }
      #expect(Files.exists("\(folder)/a/b/c"))
    }
  }

  @Test func fileInTheWay() throws {
    try withTemporaryFolder { folder in
      try Files.write(Data(), to: "\(folder)/a")
      #expect {
        try Files.createFolder("\(folder)/a/b")
      } throws: {
        ($0 as? InputError)?.kind == .cannotCreate && "\($0)".hasPrefix("\(folder)/a/b: ")
      }
    }
  }

  @Test func folderIsNotReadAsAFile() throws {
    try withTemporaryFolder { folder in
      let error = #expect(throws: InputError.self) { _ = try Files.read(folder) }
      #expect(error?.description == "\(folder): cannot read (expected a file, got a folder)")
    }
  }
}

@Suite struct SeededGeneratorTests {
  /// The published sequence of SplitMix64 for seed 1234567.
  @Test func isSplitMix64() {
    var generator = SeededGenerator(seed: 1_234_567)
    let numbers = (0..<3).map { _ in generator.next() }
    #expect(
      numbers == [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423])
  }

  @Test func continuesFromItsState() throws {
    var generator = SeededGenerator(seed: 7, stream: 3)
    _ = generator.next()
    var copy = try JSONDecoder().decode(
      SeededGenerator.self, from: JSONEncoder().encode(generator))
    #expect((0..<5).map { _ in copy.next() } == (0..<5).map { _ in generator.next() })
  }

  @Test func streamsOfASeedDiffer() {
    let firsts = (0..<UInt64(1000)).map { stream -> UInt64 in
      var generator = SeededGenerator(seed: 1, stream: stream)
      return generator.next()
    }
    #expect(Set(firsts).count == 1000)
  }

  @Test func uniformNumbersFillTheirRange() {
    var generator = SeededGenerator(seed: 2)
    let numbers = (0..<10_000).map { _ in generator.nextUniform() }
    #expect(numbers.allSatisfy { (0..<1).contains($0) })
    #expect(abs(numbers.reduce(0, +) / 10_000 - 0.5) < 0.02)
  }
}
