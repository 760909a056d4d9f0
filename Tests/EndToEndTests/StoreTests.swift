import Foundation
import Support
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#endif

extension EndToEnd {
  /// A corpus that was labelled once is asked for other names: the detector does not run again, and the
  /// results are those that it would have had.
  @Suite struct StoreTests {
    private static let names = "red block;yellow block;photo"

    /// A corpus of four photographs, labelled with the pipeline's names.
    private func withStore(
      _ body: (Place, _ corpus: String) throws -> Void
    ) throws {
      try withPlace { place in
        try place.copyFinished("propose", "cache", "distill")
        let corpus = "\(place.folder)/corpus"
        try Files.createFolder(corpus)
        for id in 101...104 { try place.write(place.picture(id), toOld: "\(corpus)/\(id).jpg") }
        let done = try place.run("detect", "--corpus", corpus, "--no-pictures")
        #expect(done.status == 0 && done.complaints.isEmpty, "\(done.errors)")
        try body(place, corpus)
      }
    }

    /// The results in the folder that a command printed.
    private func results(_ done: Outcome) throws -> [Data] {
      #expect(done.status == 0 && done.complaints.isEmpty, "\(done.errors)")
      let path = String(try #require(done.output.split(separator: "\n").first))
      let folder = PathText.folder(of: path)
      return try ["detections.jsonl", "detections.json", "images.json"].map {
        try Files.read("\(folder)/\($0)")
      }
    }

    @Test func otherNamesNeedNoDetectorAndNoImages() throws {
      try withStore { place, corpus in
        // As if nothing had been stored.
        try FileManager.default.moveItem(
          atPath: "\(place.run)/store", toPath: "\(place.folder)/store")
        let wanted = try results(
          place.run("detect", "--corpus", corpus, "--no-pictures", "--classes", Self.names))
        try FileManager.default.removeItem(atPath: "\(place.run)/store")
        for name in try FileManager.default.contentsOfDirectory(atPath: place.run)
        where name.hasPrefix("detect-") {
          try FileManager.default.removeItem(atPath: "\(place.run)/\(name)")
        }
        try FileManager.default.moveItem(
          atPath: "\(place.folder)/store", toPath: "\(place.run)/store")
        // The names are there, and nothing else.
        for id in 101...104 { try Files.write(Data(), to: "\(corpus)/\(id).jpg") }
        let query = ["--corpus", corpus, "--classes", Self.names]
        let found = try Vild(place.arguments("query", query)).ended()
        #expect(try results(found) == wanted)
        let again = try Vild(place.arguments("query", query)).ended()
        #expect(again.messages.last?.hasPrefix("up to date: ") == true)
        #expect(try results(again) == wanted)
      }
    }

    @Test func whatTheStoreLacksIsNamed() throws {
      try withStore { place, corpus in
        try place.write(place.picture(1), toOld: "\(corpus)/105.jpg")
        let lacking = try place.run("query", "--corpus", corpus, "--classes", Self.names)
        #expect(lacking.status == 66)
        #expect(lacking.complaints.count == 1)
        #expect(lacking.errors.contains("the region store lacks 1 image of the corpus"))
        let other = try place.run("query", "--corpus", "\(place.data)/val")
        #expect(other.status == 66 && other.errors.contains("lacks 4 images"))
        // Only the new one is looked at.
        let more = try place.run("detect", "--corpus", corpus, "--no-pictures")
        #expect(more.status == 0 && more.errors.contains("\"done\":5,\"total\":5"))
        #expect(
          try place.run("query", "--corpus", corpus, "--classes", Self.names).status == 0)
      }
    }

    @Test func withoutAStore() throws {
      try withPlace { place in
        try place.copyFinished("propose", "cache", "distill")
        try place.replace(
          "draw_threshold: 0}", with: "draw_threshold: 0, store: {regions: 0}}",
          in: "pipeline.yaml")
        let corpus = ["--corpus", "\(place.data)/val"]
        let done = try Vild(place.arguments("detect", corpus)).ended()
        #expect(done.status == 0 && !Files.exists("\(place.run)/store"))
        for command in [["query"], ["detect", "--workers", "2"], ["search", "photo"]] {
          let refused = try Vild(place.arguments(command.joined(separator: " "), corpus)).ended()
          #expect(refused.status == 78 && refused.complaints.count == 1, "\(refused.errors)")
          #expect(refused.errors.contains("detection.store.regions"))
        }
      }
    }

    /// Stored exactly and with all regions, results are those of a detector without a store.
    @Test func anExactStore() throws {
      try withPlace { place in
        try place.copyFinished("propose", "cache", "distill")
        let corpus = ["--corpus", "\(place.data)/val", "--no-pictures"]
        func detections(_ store: String) throws -> Data {
          try place.write(
            World.pipeline.replacing("draw_threshold: 0}", with: "draw_threshold: 0, \(store)}"),
            to: "pipeline.yaml")
          return try results(Vild(place.arguments("detect", corpus)).ended())[1]
        }
        let direct = try detections("store: {regions: 0}")
        #expect(try detections("store: {regions: 20, precision: float32}") == direct)
        #expect(try detections("store: {regions: 1, precision: float32}") != direct)
      }
    }

    @Test func theVerbsOfStores() throws {
      try withStore { place, corpus in
        let store = try place.store()
        #expect(try Vild.run("store", "verify", store).output == "\(store): sound\n")
        // Of one corpus, and of all.
        for folder in [PathText.folder(of: store), "\(place.run)/store"] {
          let info = try Vild.run("store", "info", folder)
          #expect(info.status == 0 && info.output.contains("  images   4 of 4, 0 failed"))
          #expect(info.output.contains("region store"))
        }
        let shard = "\(store)/shards/000000.zst"
        var bytes = try Files.read(shard)
        bytes[bytes.count / 2] ^= 1
        try bytes.write(to: URL(filePath: shard))
        let damaged = try Vild.run("store", "verify", store)
        #expect(damaged.status == 65 && damaged.output.contains("000000.zst"))
        // A query says so, too; detect makes it again once it is repaired.
        let refused = try place.run("query", "--corpus", corpus, "--classes", Self.names)
        #expect(refused.status == 65 && refused.errors.contains("000000.zst"))
        #expect(try Vild.run("store", "repair", store).status == 0)
        #expect(
          try place.run("detect", "--corpus", corpus, "--no-pictures", "--classes", Self.names)
            .status == 0)
        #expect(try Vild.run("store", "verify", store).status == 0)
        let export = try Vild.run(
          "cache", "export", store, "--output", "\(place.folder)/out", "--format", "npz")
        #expect(export.status == 64 && export.errors.contains("a region store has no export"))
      }
    }

    @Test func aPlan() throws {
      try withPlace { place in
        try place.copyFinished("propose", "cache", "distill")
        let corpus = ["--corpus", "\(place.data)/val"]
        let plan = try Vild(place.arguments("detect", corpus + ["--plan"])).ended()
        #expect(plan.status == 0 && plan.output.contains("images   4, 0 of them done"))
        #expect(plan.output.contains("measured on ") && !Files.exists("\(place.run)/store"))
        #expect(try Vild(place.arguments("detect", corpus)).ended().status == 0)
        let done = try Vild(place.arguments("detect", corpus + ["--plan", "--json"])).ended()
        let json = try #require(
          JSONSerialization.jsonObject(with: Data(done.output.utf8)) as? [String: Any])
        #expect(json["imagesDone"] as? Int == 4 && json["bytesNeeded"] as? Int == 0)
        #expect(try json["store"] as? String == place.store())
        // Of a student that is given, whatever the pipeline would train.
        let student = "\(place.folder)/student.safetensors"
        try FileManager.default.copyItem(
          atPath: "\(place.output("distill"))/student.safetensors", toPath: student)
        try place.replace("epochs: 2", with: "epochs: 3", in: "pipeline.yaml")
        let given = corpus + ["--student", student, "--plan"]
        let other = try Vild(place.arguments("detect", given)).ended()
        #expect(other.status == 0 && other.output.contains("/store/"), "\(other.errors)")
      }
    }

    // MARK: - Searching

    private struct Line: Decodable {
      let rank: Int
      let score: Double
      let image: String
      let bbox: [Double]
    }

    private func search(_ place: Place, _ corpus: String, _ more: String...) throws -> [Line] {
      let found = try Vild(place.arguments("search", ["--corpus", corpus] + more)).ended()
      #expect(found.status == 0 && found.complaints.isEmpty, "\(found.errors)")
      return try found.output.split(separator: "\n").map {
        try JSONDecoder().decode(Line.self, from: Data($0.utf8))
      }
    }

    @Test func phrasesAndPictures() throws {
      try withStore { place, corpus in
        let page = "\(place.folder)/page.html"
        let words = try search(place, corpus, "red block", "--top", "5", "--page", page)
        #expect(words.map(\.rank) == [1, 2, 3, 4, 5])
        #expect(words.map(\.score) == words.map(\.score).sorted(by: >))
        let text = String(decoding: try Files.read(page), as: UTF8.self)
        #expect(text.ranges(of: "<img src=\"data:image/jpeg;base64,").count == 5)
        #expect(text.contains("<h1>red block</h1>") && text.contains(words[0].image))
        let all = try search(place, corpus, "red block", "--top", "1000")
        #expect(Array(all.prefix(5)).map(\.score) == words.map(\.score))
        #expect(Set(all.map(\.image)).count == 4)
        // The best of each image.
        var seen = Set<String>()
        let firsts = all.filter { seen.insert($0.image).inserted }
        let one = try search(place, corpus, "red block", "--per-image", "1")
        #expect(one.map(\.image) == firsts.map(\.image))
        #expect(one.map(\.score) == firsts.map(\.score))

        let picture = "\(corpus)/102.jpg"
        let like = try search(place, corpus, "--image", picture, "--top", "3")
        #expect(like.count == 3 && like.map(\.score) != words.prefix(3).map(\.score))
        let part = try search(
          place, corpus, "--image", picture, "--box", "4,4,20,20", "--top", "3")
        #expect(part.map(\.score) != like.map(\.score))
        let outside = try place.run(
          "search", "--corpus", corpus, "--image", picture, "--box", "500,500,20,20")
        #expect(outside.status == 64 && outside.errors.contains("no area in the picture"))
        // An image that is gone is shown as such.
        try FileManager.default.moveItem(
          atPath: "\(corpus)/\(words[0].image)", toPath: "\(place.folder)/gone.jpg")
        try Files.createFolder("\(place.folder)/empty")
        try Files.write(Data(), to: "\(corpus)/\(words[0].image)")
        let gone = try place.run(
          "search", "red block", "--corpus", corpus, "--top", "5", "--page", page)
        #expect(gone.status == 0 && gone.errors.contains("not shown, the first of them"))
      }
    }
  }
}

extension Faults {
  /// Several processes look at the images of one corpus: the same store, whoever dies on the way.
  @Suite struct StoreWorkersTests {
    @Test(arguments: [0, 200, 500])
    func killedWorker(delay: UInt32) throws {
      try withPlace { place in
        try place.copyFinished("propose", "cache", "distill")
        let corpus = ["--corpus", "\(place.data)/train", "--no-pictures"]
        let whole = try Vild(place.arguments("detect", corpus)).ended()
        #expect(whole.status == 0)
        let (wanted, folder) = (try place.storeContent(), try place.output("detect"))
        let results = try Files.read("\(folder)/detections.jsonl")
        try FileManager.default.removeItem(atPath: "\(place.run)/store")
        try FileManager.default.removeItem(atPath: folder)

        let vild = try place.start("detect", corpus + ["--workers", "2"])
        while vild.isRunning && vild.children.count < 2 { usleep(2000) }
        usleep(1000 * delay)
        vild.children.first.map { _ = kill($0, SIGKILL) }
        let done = vild.ended()
        #expect(done.status == 0 && done.complaints.isEmpty, "\(done.errors)")
        #expect(try place.storeContent() == wanted)
        #expect(try Files.read("\(place.output("detect"))/detections.jsonl") == results)
        #expect(try Vild.run("store", "verify", place.store()).status == 0)
      }
    }

    /// What a killed process had begun is taken over unit by unit, each with nothing beside it.
    @Test(arguments: [[], ["--workers", "2"]])
    func killedAfterAShard(more: [String]) throws {
      try withPlace { place in
        try place.copyFinished("propose", "cache", "distill")
        try place.replace("images_per_shard: 2", with: "images_per_shard: 1", in: "pipeline.yaml")
        let corpus = ["--corpus", "\(place.data)/train", "--no-pictures"]
        let vild = try place.start("detect", corpus)
        while vild.isRunning,
          !place.files().keys.contains(where: { $0.contains("/store/") && $0.hasSuffix(".zst") })
        {
          usleep(500)
        }
        vild.signal(SIGKILL)
        #expect(vild.ended().wasKilled)
        let done = try Vild(place.arguments("detect", corpus + more)).ended()
        #expect(done.status == 0 && done.complaints.isEmpty, "\(done.errors)")
        #expect(done.errors.contains("\"total\":8"))
        #expect(try Vild.run("store", "verify", place.store()).status == 0)
      }
    }

    /// Two vocabularies at once share the work of the detector.
    @Test func twoAtOnce() throws {
      try withPlace { place in
        try place.copyFinished("propose", "cache", "distill")
        let corpus = ["--corpus", "\(place.data)/train", "--no-pictures"]
        let runs = try [[], ["--classes", "photo;red block"]].map {
          try place.start("detect", corpus + $0)
        }
        for run in runs {
          let done = run.ended()
          #expect(done.status == 0 && done.complaints.isEmpty, "\(done.errors)")
        }
        let store = try place.store()
        #expect(try Vild.run("store", "verify", store).output == "\(store): sound\n")
      }
    }
  }
}
