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
