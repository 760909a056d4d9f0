import Foundation
import Support
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#endif

@Suite struct PartTests {
  private func names(_ folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
  }

  /// Whatever the number of its process says, as in another container.
  @Test func whoeverWritesKeepsItsPart() throws {
    try withTemporaryFolder { folder in
      let file = try PartFile(path: "\(folder)/a.txt")
      try file.write("whole")
      try Data().write(to: URL(filePath: "\(folder)/b.txt.999999999.part"))
      try Data().write(to: URL(filePath: "\(folder)/c.txt.\(getpid()).part"))
      try Data().write(to: URL(filePath: "\(folder)/d.txt"))
      let part = try #require(try names(folder).first { $0.hasPrefix("a.txt.") })
      #expect(part.wholeMatch(of: /a\.txt\.[0-9a-f]{8}-[0-9a-f]{16}\.part/) != nil)
      #expect(part.contains(".\(Kernel.boot)-"))
      #expect(!Part.isAbandoned("\(folder)/\(part)"))
      #expect(Part.isAbandoned("\(folder)/c.txt.\(getpid()).part"))
      Part.removeAbandoned(in: folder)
      #expect(try names(folder) == [part, "d.txt"])
      try file.publish()
      #expect(try names(folder) == ["a.txt", "d.txt"])
      #expect(try Files.read("\(folder)/a.txt") == Data("whole".utf8))
    }
  }

  /// Another process's, whose end shows at once, also where it was killed.
  @Test func whatAKilledProcessLeavesIsAbandoned() throws {
    try withTemporaryFolder { folder in
      let part = "\(folder)/a.txt.0123456789abcdef.part"
      try Data([1]).write(to: URL(filePath: part))
      let holder = try ChildProcess("flock", ["--no-fork", part, "sleep", "60"])
      let deadline = ProcessInfo.processInfo.systemUptime + 30
      while Part.isAbandoned(part) && ProcessInfo.processInfo.systemUptime < deadline {
        usleep(2000)
      }
      #expect(!Part.isAbandoned(part))
      holder.signal(SIGKILL)
      holder.wait()
      #expect(Part.isAbandoned(part))
    }
  }

  /// A part says on which machine it is written, since which start of it. Another machine that shares the
  /// folder may not see its lock.
  @Test func namesTellTheMachine() {
    let digits = "0123456789abcdef"
    let own = "a.b.txt.\(Kernel.boot)-\(digits).part"
    for name in [own, "a.b.txt.0badb007-\(digits).part", "a.b.txt.\(digits).part"] {
      #expect(Part.isName(name) && Part.isName(name, of: "a.b.txt"))
      #expect(!Part.isName(name, of: "b.txt") && !Part.isName(name, of: "a.b"))
      // Nobody but this machine writes to its own disk.
      #expect(Part.isTold(at: "/\(name)"))
    }
    #expect(!Part.isName("film.part") && !Part.isName("x.0123.part"))
    #expect(Part.name(of: "folder/a").hasPrefix("folder/a.\(Kernel.boot)-"))
  }

  /// A network mount that there is on this machine: what another machine writes there stays.
  @Test func anotherMachinesPartStays() throws {
    let mounts = try String(contentsOfFile: "/proc/self/mounts", encoding: .utf8)
    let folder = mounts.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
      .first { $0.count > 2 && FileSystem.isNetwork($0[2]) && access($0[1], W_OK) == 0 }?[1]
    guard let folder else {
      FileHandle.standardError.write(Data("SKIPPED: no network mount to write to\n".utf8))
      return
    }
    let place = "\(folder)/vild-test-\(UUID().uuidString)"
    try Files.createFolder(place)
    defer { try? FileManager.default.removeItem(atPath: place) }
    let digits = "0123456789abcdef"
    let (own, other) = ("a.\(Kernel.boot)-\(digits).part", "a.0badb007-\(digits).part")
    for name in [own, other] { try Data([1]).write(to: URL(filePath: "\(place)/\(name)")) }
    Part.removeAbandoned(in: place)
    #expect(try names(place) == [other])
  }

  /// In a folder of the user's, too, whose own files stay.
  @Test func whoWritesRemovesWhatOthersLeft() throws {
    try withTemporaryFolder { folder in
      for name in [
        "a.txt.0123456789abcdef.part", "b.0badb007-0000000000000000.part", "film.part",
        "x.0123.part",
      ] {
        try Data().write(to: URL(filePath: "\(folder)/\(name)"))
      }
      let held = "\(folder)/c.txt.fedcba9876543210.part"
      let file = try OpenFile(held, O_RDWR | O_CREAT)
      #expect(flock(file.descriptor, LOCK_EX) == 0)
      try Files.write(Data(), to: "\(folder)/a.txt")
      #expect(
        try names(folder) == ["a.txt", "c.txt.fedcba9876543210.part", "film.part", "x.0123.part"])
      withExtendedLifetime(file) {}
    }
  }

  @Test func twoWritersOfOneFileDoNotMix() throws {
    try withTemporaryFolder { folder in
      let files = try (0..<2).map { _ in try PartFile(path: "\(folder)/a.txt") }
      for (index, file) in files.enumerated() {
        try file.write(String(repeating: "\(index)", count: 2 << 20))
      }
      for (index, file) in files.enumerated() {
        try file.publish()
        let text = String(decoding: try Files.read("\(folder)/a.txt"), as: UTF8.self)
        #expect(text.count == 2 << 20 && Set(text) == Set("\(index)"))
      }
      #expect(try names(folder) == ["a.txt"])
    }
  }
}

@Suite struct SettlingTests {
  @Test func aLaterChangeShows() throws {
    try withTemporaryFolder { folder in
      let path = "\(folder)/a.txt"
      try Files.write(Data("one".utf8), to: path)
      let stamp = try FileStamp.settling(path)
      #expect(stamp.isSettled && stamp == FileStamp(path))
      #expect(try FileStamp.settling(path) == stamp)
      try Data("two".utf8).write(to: URL(filePath: path))
      #expect(FileStamp(path) != stamp && FileStamp(path)?.size == 3)
      #expect(throws: InputError.self) { try FileStamp.settling("\(folder)/none") }
    }
  }
}
