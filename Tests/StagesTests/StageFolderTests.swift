import Foundation
import Pipeline
import Stages
import Support
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#endif

@Suite struct StageFolderTests {
  private let report = Console.silent
  /// One that is read whenever somebody asks, and one that its size and time speak for.
  private let contents = ["small.txt": 5, "large.bin": 3 << 20]

  private func folder(_ root: String, _ hash: String = "1") -> StageFolder {
    var inputs = StageInputs()
    inputs.add("something", hash: hash)
    return StageFolder("\(root)/stage-1", stage: "stage", inputs: inputs)
  }

  /// A stage with two outputs that has finished.
  private func finished(_ root: String) throws -> StageFolder {
    let folder = folder(root)
    try folder.begin(PipelineFile.load(path: fixture("../../pipelines/emoji.yaml")))
    for (name, count) in contents {
      try Files.write(Data(repeating: 7, count: count), to: folder.file(name))
    }
    try folder.finish(outputs: contents.keys.sorted())
    return folder
  }

  /// Changes the last byte; the time stays unless told otherwise.
  private func change(_ path: String, settingTime: Bool = false) throws {
    var status = stat()
    #expect(stat(path, &status) == 0)
    var data = try Files.read(path)
    data[data.endIndex - 1] ^= 1
    try data.write(to: URL(filePath: path))
    if settingTime { return }
    #expect(utimensat(AT_FDCWD, path, [status.st_atim, status.st_mtim], 0) == 0)
  }

  @Test func aFinishedStageIsDone() throws {
    try withTemporaryFolder { root in
      #expect(!folder(root).isFinished && !folder(root).isUpToDate)
      let folder = try finished(root)
      #expect(try folder.isFinished && folder.isUpToDate && folder.isDone(report))
      #expect(try folder.read("small.txt") == Data(repeating: 7, count: 5))
      // Of other inputs it is another stage.
      #expect(!self.folder(root, "2").isFinished)
      try folder.reopen()
      #expect(try !folder.isFinished && !folder.isUpToDate && !folder.isDone(report))
    }
  }

  @Test func anOutputThatIsMissingIsAnError() throws {
    try withTemporaryFolder { root in
      let folder = try finished(root)
      try folder.reopen()
      let error = #expect(throws: InputError.self) {
        try folder.finish(outputs: ["small.txt", "other.txt"])
      }
      #expect(error?.place == folder.file("other.txt") && error?.kind == .missingInput)
      #expect(!folder.isFinished)
      #expect(!Files.exists(folder.file("stage.json")))
    }
  }

  @Test func changesAreFound() throws {
    for name in contents.keys {
      try withTemporaryFolder { root in
        let folder = try finished(root)
        let path = folder.file(name)
        let whole = try Files.read(path)
        // The same content at another time is the same.
        try whole.write(to: URL(filePath: path))
        #expect(folder.isUpToDate)
        try change(path, settingTime: true)
        #expect(try !folder.isFinished && !folder.isUpToDate && !folder.isDone(report), "\(name)")
        try whole.dropLast().write(to: URL(filePath: path))
        #expect(!folder.isFinished)
        unlink(path)
        #expect(!folder.isFinished)
      }
      // Nothing shows from outside: what is large is found when it is read.
      try withTemporaryFolder { root in
        let folder = try finished(root)
        try change(folder.file(name))
        #expect(folder.isFinished == (name == "large.bin"))
        let looks: [() throws -> Void] = [
          { _ = try folder.read(name) }, { try folder.check(name) },
        ]
        for look in looks {
          let error = #expect(throws: InputError.self) { try look() }
          #expect(error?.place == folder.file(name) && error?.kind == .badData)
        }
      }
    }
  }

  /// Either record is enough, if all outputs are read and whole.
  @Test(arguments: ["stage.json", "stage-copy.json"])
  func eitherRecordProvesTheOutputs(name: String) throws {
    try withTemporaryFolder { root in
      let folder = try finished(root)
      let record = try Files.read(folder.file(name))
      let damages: [() throws -> Void] = [
        { unlink(folder.file(name)) }, { try change(folder.file(name)) },
      ]
      for damage in damages {
        try damage()
        #expect(folder.isFinished && !folder.isUpToDate)
        #expect(try folder.isDone(report))
        #expect(try Files.read(folder.file(name)) == record)
        #expect(folder.isUpToDate)
      }
      unlink(folder.file(name))
      try change(folder.file("large.bin"))
      #expect(try !folder.isDone(report))
      #expect(!Files.exists(folder.file(name)))
    }
  }

  @Test func moreOutputsAreAdded() throws {
    try withTemporaryFolder { root in
      let folder = try finished(root)
      try Files.write(Data([1]), to: folder.file("more.txt"))
      #expect(throws: InputError.self) { try folder.read("more.txt") }
      try folder.add(outputs: ["more.txt"])
      #expect(try folder.read("more.txt") == Data([1]) && folder.isUpToDate)
      try change(folder.file("more.txt"))
      #expect(!folder.isUpToDate)
    }
  }

  /// Within a process whoever asks shares the lock.
  @Test func aLockIsHeldOnce() throws {
    try withTemporaryFolder { root in
      let folder = folder(root)
      let file = folder.file("lock")
      func isFree() -> Bool {
        let other = open(file, O_RDWR | O_CREAT, 0o644)
        defer { close(other) }
        return flock(other, LOCK_EX | LOCK_NB) == 0
      }
      do {
        let locks = [try folder.lock(), try folder.lock()]
        withExtendedLifetime(locks) { #expect(!isFree()) }
      }
      #expect(isFree())
    }
  }
}
