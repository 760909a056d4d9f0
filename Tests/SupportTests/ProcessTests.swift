import Foundation
import Support
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#endif

@Suite struct AvailableMemoryTests {
  private func write(_ text: String, _ path: String) throws {
    try Files.createFolder(PathText.folder(of: path))
    try Files.write(Data(text.utf8), to: path)
  }

  /// What can be swapped out is free as well.
  @Test func ofTheMachine() {
    let text = "MemTotal:       1000 kB\nMemAvailable:    300 kB\nSwapFree:         20 kB\n"
    #expect(AvailableMemory.machine(text)?.bytes == 320 * 1024)
    #expect(AvailableMemory.machine("MemTotal: 1000 kB\n") == nil)
  }

  private func groups(_ text: String, root: String) -> [AvailableMemory] {
    ControlGroup.all(of: "memory", in: text, root: root).compactMap(AvailableMemory.group)
  }

  /// Every group above counts; what files take is given back.
  @Test func ofControlGroups() throws {
    try withTemporaryFolder { root in
      try write("max\n", "\(root)/a/b/memory.max")
      try write("100\n", "\(root)/a/b/memory.current")
      try write("5000\n", "\(root)/a/memory.max")
      try write("3000\n", "\(root)/a/memory.current")
      try write("anon 7\nactive_file 40\ninactive_file 500\n", "\(root)/a/memory.stat")
      #expect(groups("0::/a/b\n", root: root).map(\.bytes) == [2540])
      // In a container the path is that of the world outside.
      try write("9000\n", "\(root)/memory.max")
      try write("9500\n", "\(root)/memory.current")
      #expect(groups("0::/docker/1234\n", root: root).map(\.bytes) == [0])
      #expect(groups("0::/a\n", root: root).map(\.bytes) == [2540, 0])
    }
  }

  @Test func ofControlGroupsOfVersion1() throws {
    try withTemporaryFolder { root in
      try write("9223372036854771712\n", "\(root)/memory/memory.limit_in_bytes")
      try write("100\n", "\(root)/memory/memory.usage_in_bytes")
      try write("2000\n", "\(root)/memory/x/memory.limit_in_bytes")
      try write("1500\n", "\(root)/memory/x/memory.usage_in_bytes")
      try write("total_inactive_file 100\ninactive_file 9\n", "\(root)/memory/x/memory.stat")
      let text = "5:cpu,cpuacct:/x\n4:memory:/x\n1:name=systemd:/x\n"
      #expect(groups(text, root: root).map(\.bytes) == [600])
    }
  }

  @Test func tooLittleIsALine() throws {
    try AvailableMemory.require(0, for: "nothing", hint: "none")
    let error = #expect(throws: InputError.self) {
      try AvailableMemory.require(1 << 60, for: "everything", hint: "take less")
    }
    #expect(error?.kind == .tryAgain)
    #expect(error?.description.hasPrefix("there is too little memory for everything (") == true)
    #expect(error?.description.hasSuffix("; take less") == true)
  }
}

@Suite struct ChildProcessTests {
  /// However high its number is, and though whoever opened it did not think of children.
  @Test func noFileIsInherited() throws {
    let low = open("/dev/null", O_RDONLY)
    let high = fcntl(low, F_DUPFD, 300)
    defer { [low, high].forEach { close($0) } }
    #expect(high >= 300)
    let child = try ChildProcess(
      "/bin/sh", ["-c", "test ! -e /proc/self/fd/\(low) && test ! -e /proc/self/fd/\(high)"])
    #expect(child.wait().status == 0)
  }

  /// What this program ignores ends another one as ever.
  @Test func ignoredSignalsAreNotInherited() throws {
    let before = signal(SIGPIPE, SIG_IGN)
    defer { signal(SIGPIPE, before) }
    let child = try ChildProcess("/bin/sh", ["-c", "kill -PIPE $$; exit 3"])
    let end = child.wait()
    #expect(end.wasKilled && end.status == SIGPIPE)
  }

  @Test func aPipeEndsWithItsWriters() throws {
    let pipe = try OpenFile.pipe()
    var byte: UInt8 = 0
    try withExtendedLifetime(pipe.writing) {
      let child = try ChildProcess(
        "/bin/sh", ["-c", "printf x"], output: .descriptor(pipe.writing.descriptor))
      #expect(child.wait().status == 0)
    }
    #expect(read(pipe.reading.descriptor, &byte, 1) == 1 && byte == UInt8(ascii: "x"))
  }
}

@Suite struct SystemLimitTests {
  @Test(arguments: [EFBIG, EMFILE, ENFILE, ENOMEM, ENOSPC])
  func whatTheUserCanRaiseAsksToTryAgain(code: Int32) {
    let error = InputError.system("cannot write", at: "x", code: code)
    #expect(error.kind == .tryAgain && error.hint != nil)
  }
}
