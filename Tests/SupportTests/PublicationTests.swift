import Foundation
import Support
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#endif

/// File systems that lack links, as mounts of object stores do, or renaming, too.
@Suite struct PublicationTests {
  private static func failing(_ code: Int32) -> Publication.Naming { { _, _ in code } }
  private static let renaming: Publication.Naming = { rename($0, $1) == 0 ? 0 : errno }

  /// What s3fs, rclone and mountpoint-s3 answer.
  static let kinds: [(Publication, Publication.Way)] = [
    (.system, .link),
    (Publication(link: failing(ENOTSUP), rename: renaming), .rename),
    (Publication(link: failing(EIO), rename: renaming), .rename),
    (Publication(link: failing(EPERM), rename: failing(ENOSYS)), .copy),
    (Publication(link: failing(ENOSYS), rename: failing(ENOTSUP)), .copy),
  ]

  private func names(_ folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
  }

  @Test(arguments: 0..<5) func aNewNameAndOneThatIsTaken(kind: Int) throws {
    let (publication, way) = Self.kinds[kind]
    try withTemporaryFolder { folder in
      for (text, expected) in [("first", way as Publication.Way?), ("second", nil)] {
        try Data(text.utf8).write(to: URL(filePath: "\(folder)/part"))
        #expect(try publication.publish("\(folder)/part", as: "\(folder)/name") == expected)
        #expect(try names(folder) == ["name"])
        #expect(try Files.read("\(folder)/name") == Data("first".utf8))
      }
    }
  }

  /// What another way would not mend is an error, and nothing is left.
  @Test(arguments: [(ENOSPC, InputError.Kind.tryAgain), (ENOENT, .missingInput)])
  func whatIsWrongWithTheDisk(code: Int32, kind: InputError.Kind) throws {
    try withTemporaryFolder { folder in
      let failing = Self.failing(code)
      for publication in [
        Publication(link: failing, rename: Self.renaming),
        Publication(link: Self.failing(ENOTSUP), rename: failing),
      ] {
        try Data([1]).write(to: URL(filePath: "\(folder)/part"))
        let error = #expect(throws: InputError.self) {
          try publication.publish("\(folder)/part", as: "\(folder)/name")
        }
        #expect(error?.kind == kind && error?.place == "\(folder)/name")
        #expect(try names(folder).isEmpty)
      }
    }
  }

  /// A copy that does not fit leaves no half of a file under its name.
  @Test func aCopyThatDoesNotFit() throws {
    try withTemporaryFolder { folder in
      let mount = try run("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", folder])
      guard mount?.code == 0 else {
        FileHandle.standardError.write(Data("SKIPPED: a full disk needs the right to mount\n".utf8))
        return
      }
      defer { _ = try? run("umount", [folder]) }
      try Data(repeating: 7, count: 40_000).write(to: URL(filePath: "\(folder)/part"))
      let error = #expect(throws: InputError.self) {
        try Self.kinds[3].0.publish("\(folder)/part", as: "\(folder)/name")
      }
      #expect(error?.kind == .tryAgain)
      #expect(try names(folder).isEmpty)
    }
  }
}
