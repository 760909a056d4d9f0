import Foundation
import Support
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#endif

extension Faults {
  /// A run that was stopped or killed goes on with the same command, to the same result.
  @Suite struct InterruptionTests {
    private let stopped = "stopped; run the same command again to continue"

    /// Starts the stage again and again, and kills it some time after its work has begun.
    private func kill(
      _ stage: String, _ more: [String] = [], times: Int, in place: Place
    ) throws {
      var generator = SeededGenerator(seed: 5)
      for _ in 0..<times {
        let vild = try place.start(stage, more)
        guard vild.waits(for: "\"stage\"") else { return }
        usleep(UInt32.random(in: 0..<600_000, using: &generator))
        vild.signal(SIGKILL)
        _ = vild.ended()
      }
    }

    @Test func proposeKilled() throws {
      try withPlace { place in
        try kill("propose", times: 3, in: place)
        #expect(try place.run("propose").status == 0)
        let places = [place, try FinishedRun.shared.get().place]
        for (stage, file) in [
          ("propose", "train.jsonl"), ("propose", "val.jsonl"), ("propose", "recall.json"),
          ("proposal-network", "proposal-network.safetensors"),
        ] {
          let files = try places.map { try Files.read("\($0.output(stage))/\(file)") }
          #expect(files[0] == files[1], "\(file)")
        }
      }
    }

    @Test func embedKilled() throws {
      try withPlace { place in
        try place.copyFinished("propose")
        try kill("embed", times: 4, in: place)
        #expect(try place.run("embed").status == 0)
        try place.expectFinishedCache()
        let cache = try place.cache()
        #expect(try Vild.run("cache", "verify", cache).output == "\(cache): sound\n")
      }
    }

    @Test func distillKilled() throws {
      try withPlace { place in
        try place.copyFinished("propose", "cache")
        try kill("distill", times: 4, in: place)
        #expect(try place.run("distill").status == 0)
        try place.expectFinishedStudent()
      }
    }

    @Test func detectKilled() throws {
      try withPlace { place in
        try place.copyFinished("propose", "cache", "distill")
        try kill("detect", ["--corpus", "\(place.data)/val"], times: 3, in: place)
        #expect(try FinishedRun.run("detect", in: place).status == 0)
        let folders = try [place, FinishedRun.shared.get().place].map { try $0.output("detect") }
        for file in ["detections.json", "images.json"] {
          #expect(try Files.read("\(folders[0])/\(file)") == Files.read("\(folders[1])/\(file)"))
        }
      }
    }

    @Test func catalogueRebuiltFromShards() throws {
      try withPlace { place in
        try place.copyFinished("propose", "cache")
        let content = try place.cacheContent()
        let cache = try place.cache()
        try Files.write(Data("nonsense".utf8), to: "\(cache)/catalogue.sqlite")
        place.expect(
          try place.run("embed"), status: 65,
          "HERE/runs/tiny/cache/HASH/catalogue.sqlite: the catalogue is damaged (got file is not a database); "
            + "rebuild it from the shards with 'vild cache reindex'; "
            + "only the history of runs is lost")
        #expect(try Vild.run("cache", "reindex", cache).status == 0)
        #expect(try place.run("embed").messages.last?.hasPrefix("up to date: ") == true)
        #expect(try place.cacheContent() == content)
      }
    }

    @Test func interruptedEmbedContinues() throws {
      try withPlace { place in
        try place.copyFinished("propose")
        let vild = try place.start("embed")
        #expect(vild.waits(for: "\"event\":\"progress\""))
        vild.signal(SIGINT)
        place.expect(vild.ended(), status: 130, stopped)
        #expect(try place.run("embed").status == 0)
        try place.expectFinishedCache()
      }
    }

    @Test func terminatedDistillContinues() throws {
      try withPlace { place in
        try place.copyFinished("propose", "cache")
        let vild = try place.start("distill")
        #expect(vild.waits(for: "\"unit\":\"steps\""))
        vild.signal(SIGTERM)
        place.expect(vild.ended(), status: 143, stopped)
        #expect(place.unfinished("distill") == [])
        #expect(try place.run("distill").status == 0)
        try place.expectFinishedStudent()
      }
    }
  }
}
