import Foundation
import Support
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#endif

extension Place {
  /// A photograph of 20,000 bytes; what follows its end is not looked at.
  func picture(_ id: Int) throws -> Data {
    let data = try Files.read("\(World.shared.get().data)/\(id < 100 ? "train" : "val")/\(id).jpg")
    return data + Data(count: 20_000 - data.count)
  }

  /// Writes a file that was last changed an hour ago, so that nobody doubts its time.
  func write(_ data: Data, toOld path: String) throws {
    try Files.write(data, to: path)
    try setTime(of: path, secondsAgo: 3600)
  }

  func setTime(of path: String, secondsAgo: Int) throws {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    now.tv_sec -= secondsAgo
    #expect(utimensat(AT_FDCWD, path, [now, now], 0) == 0)
  }
}

extension EndToEnd {
  /// A corpus that changes: what changed is looked at again and nothing else, and the results are
  /// those of a new run, byte by byte.
  @Suite struct DetectAgainTests {
    /// A corpus of four photographs, all of 20,000 bytes.
    private func withCorpus(_ body: (Place, _ corpus: String) throws -> Void) throws {
      try withPlace { place in
        try place.copyFinished("propose", "cache", "distill")
        let corpus = "\(place.folder)/corpus"
        try Files.createFolder(corpus)
        for id in 101...104 { try place.write(place.picture(id), toOld: "\(corpus)/\(id).jpg") }
        try body(place, corpus)
      }
    }

    private func detect(_ place: Place, _ corpus: String, _ more: String...) throws -> Outcome {
      let outcome = try Vild(place.arguments("detect", ["--corpus", corpus] + more)).ended()
      #expect(outcome.status == 0 && outcome.complaints.isEmpty, "\(outcome.errors)")
      return outcome
    }

    /// How many images were looked at, as it says.
    private func looked(_ outcome: Outcome) -> String? {
      let end = " images are to be looked at; the others are as they were"
      return outcome.messages.first { $0.hasSuffix(end) }.map { String($0.prefix { $0 != "i" }) }
    }

    /// All results but the time of what they were made from.
    private func results(_ folder: String) throws -> [String: Data] {
      var files: [String: Data] = [:]
      for case let name as String in FileManager.default.enumerator(atPath: folder) ?? .init() {
        if ["files.json", "pipeline.yaml", "stage.json", "stage-copy.json"].contains(name)
          || Files.isFolder("\(folder)/\(name)")
        {
          continue
        }
        files[name] = try Files.read("\(folder)/\(name)")
      }
      return files
    }

    private func expectAsNew(_ place: Place, _ corpus: String) throws {
      let folder = try place.output("detect")
      let known = try results(folder)
      #expect(known["detections.jsonl"] != nil && known["pictures/103.jpg"] != nil)
      try FileManager.default.moveItem(atPath: folder, toPath: "\(place.folder)/known")
      _ = try detect(place, corpus)
      let new = try results(place.output("detect"))
      let others = Set(known.keys).union(new.keys).filter { known[$0] != new[$0] }
      #expect(others.isEmpty)
      try FileManager.default.removeItem(atPath: place.output("detect"))
      try FileManager.default.moveItem(atPath: "\(place.folder)/known", toPath: folder)
    }

    @Test func correctedInPlace() throws {
      try withCorpus { place, corpus in
        _ = try detect(place, corpus)
        let before = try results(place.output("detect"))
        try place.write(place.picture(1), toOld: "\(corpus)/102.jpg")
        try place.setTime(of: "\(corpus)/102.jpg", secondsAgo: 1800)
        let outcome = try detect(place, corpus)
        #expect(looked(outcome) == "1 of 4 ")
        #expect(outcome.messages.last?.hasPrefix("4 images, ") == true)
        let after = try results(place.output("detect"))
        #expect(after["pictures/102.jpg"] != before["pictures/102.jpg"])
        try expectAsNew(place, corpus)
        #expect(try detect(place, corpus).messages.last?.hasPrefix("up to date: ") == true)
      }
    }

    @Test func touched() throws {
      try withCorpus { place, corpus in
        _ = try detect(place, corpus)
        let before = try results(place.output("detect"))
        func seen() throws -> Date? {
          try place.files()["tiny/\(place.storeName())/catalogue.sqlite"]
        }
        let stamps = try #require(try seen())
        try place.setTime(of: "\(corpus)/102.jpg", secondsAgo: 1800)
        let outcome = try detect(place, corpus)
        #expect(outcome.messages.last?.hasPrefix("up to date: ") == true)
        #expect(!outcome.errors.contains("\"unit\":\"images\""))
        #expect(try results(place.output("detect")) == before)
        #expect(try seen() != stamps, "what the file looks like is renewed")
      }
    }

    @Test func addedAndRemoved() throws {
      try withCorpus { place, corpus in
        _ = try detect(place, corpus)
        // It comes first, so that the ids of all others change.
        try place.write(place.picture(1), toOld: "\(corpus)/001.jpg")
        #expect(try looked(detect(place, corpus)) == "1 of 5 ")
        try expectAsNew(place, corpus)
        unlink("\(corpus)/101.jpg")
        #expect(try looked(detect(place, corpus)) == "0 of 4 ")
        #expect(!Files.exists("\(try place.output("detect"))/pictures/101.jpg"))
        try expectAsNew(place, corpus)
      }
    }

    @Test func failedImagesAreTriedAgain() throws {
      try withCorpus { place, corpus in
        let whole = try Files.read("\(corpus)/103.jpg")
        try place.write(Data("no picture".utf8), toOld: "\(corpus)/103.jpg")
        #expect(try detect(place, corpus).messages.last?.hasSuffix(", 1 failed") == true)
        let again = try detect(place, corpus)
        #expect(again.messages.last?.hasPrefix("up to date: ") == true)
        #expect(
          again.messages.last?.contains(", 1 failed (1 not an image that is read here") == true)
        #expect(!again.errors.contains("\"unit\":\"images\""), "it would fail as before")
        try place.write(whole, toOld: "\(corpus)/103.jpg")
        let left = try detect(place, corpus, "--no-retry")
        #expect(left.messages.last?.contains(", 1 failed (") == true)
        let mended = try detect(place, corpus)
        #expect(looked(mended) == "1 of 4 ")
        #expect(mended.messages.last?.hasSuffix(", 0 failed") == true)
        try expectAsNew(place, corpus)
      }
    }

    /// Validation images, too.
    @Test func evaluationSeesACorrectedImage() throws {
      try withPlace { place in
        try place.copyFinished("propose", "cache", "distill", "evaluate")
        #expect(try place.run("evaluate").messages.last?.hasPrefix("up to date: ") == true)
        let path = "\(place.data)/val/102.jpg"
        let other = try Files.read("\(place.data)/val/103.jpg")
        try place.write(other, toOld: path)
        let outcome = try place.run("evaluate")
        #expect(outcome.status == 0 && looked(outcome) == "1 of 4 ", "\(outcome.errors)")
        #expect(try place.run("evaluate").messages.last?.hasPrefix("up to date: ") == true)
      }
    }
  }
}
