import Datasets
import Foundation
import Networks
import Support
import Synchronization
import Teacher
import Tensors
import TestSupport
import Testing

@Suite struct TextEmbeddingTests {
  private let plain: PromptTemplates

  init() throws { plain = try PromptTemplates(["{}"]) }

  private func embed(
    _ categories: [CategoryName], in templates: PromptTemplates? = nil, folder: String,
    by tower: Letters, progress: (Int, Int) throws -> Void = { _, _ in }
  ) throws -> TextEmbeddings {
    try TextEmbeddingStore(folder: folder).embeddings(
      of: categories, in: templates ?? plain, teacher: "t", by: tower, progress: progress)
  }

  @Test func onlyWhatIsMissingIsEncoded() throws {
    try withTemporaryFolder { root in
      let folder = "\(root)/new/text"
      let tower = Letters()
      func encoded(_ body: () throws -> Void) rethrows -> [String] {
        tower.texts.withLock { $0 = [] }
        try body()
        return tower.texts.withLock { $0.sorted() }
      }
      let names = ["cat", "dog", "elk"].map { CategoryName($0) }
      #expect(
        try encoded { _ = try embed(names, folder: folder, by: tower) } == ["cat", "dog", "elk"])
      #expect(try encoded { _ = try embed(names.reversed(), folder: folder, by: tower) } == [])
      // One category more, and one with a synonym more.
      let more =
        [CategoryName("cat", synonyms: ["cat", "puss"]), CategoryName("gnu")] + names[1...]
      #expect(
        try encoded { _ = try embed(more, folder: folder, by: tower) } == ["gnu", "puss"])
      // Other templates are another matter, and so are other articles.
      let others = try PromptTemplates(["{article} {}"])
      #expect(
        try encoded { _ = try embed([names[0]], in: others, folder: folder, by: tower) }
          == ["a cat"])
      var english = others
      english.article = .english
      #expect(
        try encoded { _ = try embed([names[0]], in: english, folder: folder, by: tower) }
          == ["a cat"])
      // Even where there is no article to choose.
      var plainEnglish = plain
      plainEnglish.article = .english
      #expect(
        try encoded { _ = try embed([names[0]], in: plainEnglish, folder: folder, by: tower) }
          == ["cat"])
      #expect(try encoded { _ = try embed(more, folder: folder, by: tower) } == [])
    }
  }

  /// "a" is (1, 1), "c" is (3, 1), "aaa" is (1, 3), as unit vectors (0.7071, 0.7071),
  /// (0.9487, 0.3162) and (0.3162, 0.9487). A category named "a" with the synonyms "c" and "a":
  /// the sum (1.6558, 1.0233) of length 1.9465.
  @Test func synonymsAreAveragedByHand() throws {
    try withTemporaryFolder { folder in
      let result = try embed(
        [CategoryName("aaa"), CategoryName("a", synonyms: ["c", "a"])], folder: folder,
        by: Letters())
      let worded = CategoryName("cat", synonyms: ["dog"], words: ["a", "c"])
      let words = try embed([worded], folder: folder, by: Letters())
      #expect(words.embeddings.array == Array(result.embeddings.array[2...]))
      #expect(words.categories == [worded])
      let expected: [Float] = [0.3162, 0.9487, 1.6558 / 1.9465, 1.0233 / 1.9465]
      #expect(result.embeddings.shape == [2, 2])
      #expect(zip(result.embeddings.array, expected).allSatisfy { abs($0 - $1) < 1e-4 })
    }
  }

  @Test func aStoredRowIsTheVeryRow() throws {
    try withTemporaryFolder { folder in
      let names = (0..<100).map { CategoryName("x\($0 % 10)\($0)") }
      let first = try embed(names, folder: folder, by: Letters())
      let direct = try Letters().embed(names: names.map(\.name), with: plain)
      #expect(first.embeddings.array == direct.array)
      #expect(
        try embed(names, folder: folder, by: Letters()).embeddings.array == direct.array)
    }
  }

  @Test func theTowerIsNotAskedForInVain() throws {
    try withTemporaryFolder { folder in
      _ = try embed([CategoryName("cat")], folder: folder, by: Letters())
      func load() throws(InputError) -> Letters {
        throw InputError(.missingInput, "no teacher here")
      }
      let store = TextEmbeddingStore(folder: folder)
      _ = try store.embeddings(
        of: [CategoryName("cat")], in: plain, teacher: "t", by: try load())
      #expect(throws: InputError.self) {
        try store.embeddings(of: [CategoryName("cat")], in: plain, teacher: "u", by: try load())
      }
    }
  }

  @Test func aTooLongNameIsFoundBeforeAnythingIsEncoded() throws {
    try withTemporaryFolder { folder in
      let tower = Letters()
      let error = #expect(throws: InputError.self) {
        try embed([CategoryName("cat"), CategoryName("elephant")], folder: folder, by: tower)
      }
      #expect(error?.kind == .badData && error?.what.contains("'elephant'") == true)
      #expect(tower.texts.withLock { $0 } == [])
    }
  }

  /// 3,000 names come in parts; a stop after the first part loses nothing of it.
  @Test func anInterruptedRunIsContinued() throws {
    try withTemporaryFolder { folder in
      let names = (0..<3000).map { CategoryName("n\($0)") }
      #expect(throws: Stopped.self) {
        try embed(names, folder: folder, by: Letters()) { done, total in
          #expect(total == 3000)
          if done > 0 { throw Stopped(signal: 2) }
        }
      }
      let tower = Letters()
      var calls: [Int] = []
      _ = try embed(names, folder: folder, by: tower) { done, _ in calls.append(done) }
      #expect(tower.texts.withLock { $0.count } == 952)
      #expect(calls == [0, 952])
    }
  }

  @Test func severalAtOnceLoseNothing() async throws {
    let folder = FileManager.default.temporaryDirectory.path + "/vild-test-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for worker in 0..<8 {
        group.addTask {
          for part in 0..<5 {
            let names = (0..<4).map { CategoryName("w\((worker + $0) % 8)p\(part)") }
            _ = try embed(names, folder: folder, by: Letters())
          }
        }
      }
      try await group.waitForAll()
    }
    let tower = Letters()
    let all = (0..<40).map { CategoryName("w\($0 / 5)p\($0 % 5)") }
    _ = try embed(all, folder: folder, by: tower)
    #expect(tower.texts.withLock { $0 } == [])
  }

  @Test func aDamagedFileIsNamed() throws {
    try withTemporaryFolder { folder in
      _ = try embed([CategoryName("cat"), CategoryName("dog")], folder: folder, by: Letters())
      let name = try #require(
        FileManager.default.contentsOfDirectory(atPath: folder).first { $0.hasSuffix("tensors") })
      let path = "\(folder)/\(name)"
      let good = try Files.read(path)
      var wrongRow = good
      wrongRow[wrongRow.endIndex - 1] ^= 0x40
      let text = String(decoding: good.dropFirst(8).dropLast(16), as: UTF8.self)
      let otherTeacher =
        good.prefix(8)
        + Data(text.replacing(#""teacher":"t""#, with: #""teacher":"u""#).utf8) + good.suffix(16)
      for damaged in [Data(), good.dropLast(), wrongRow, otherTeacher] {
        try Files.write(damaged, to: path)
        let error = #expect(throws: InputError.self) {
          try embed([CategoryName("cat")], folder: folder, by: Letters())
        }
        #expect(error?.kind == .badData && error?.place == path)
        #expect(error?.hint == "remove the file; it is made again when it is needed")
      }
      let stored = TextEmbeddings(
        categories: [CategoryName("cat")], embeddings: Tensor([1, 2], [1, 0]), templates: plain,
        teacher: "u")
      try stored.write(to: path)
      let other = #expect(throws: InputError.self) {
        try embed([CategoryName("cat")], folder: folder, by: Letters())
      }
      #expect(other?.what == "the embeddings of another teacher or of other templates")
      try FileManager.default.removeItem(atPath: path)
      _ = try embed([CategoryName("cat")], folder: folder, by: Letters())
    }
  }

  /// Rows that depend on all texts of a call, and on whether it has the cores to itself: a matrix
  /// product's last bits do.
  private struct Neighbours: TextTower {
    let width = 3
    let limit = 20

    func tokens(of text: String) -> [Int] { text.utf8.map { Int($0) } }

    func embed(tokens texts: [[Int]]) -> Tensor {
      let pieces = Mutex(0)
      Parallel.ranges(2) { _ in pieces.withLock { $0 += 1 } }
      let count = pieces.withLock { $0 }
      let sum = texts.flatMap { $0 }.reduce(0, +)
      return Tensor(
        [texts.count, 3], texts.flatMap { [Float($0[0]), Float(sum % 97), Float(count)] })
    }
  }

  /// One name after the other, all at once, in another order, beside others.
  private func expectSameBits(
    _ names: [String], by tower: some TextTower, in templates: PromptTemplates
  ) throws {
    func rows(_ calls: [[String]]) throws -> [[Float]] {
      try withTemporaryFolder { folder in
        let store = TextEmbeddingStore(folder: folder)
        func embeddings(of names: [String]) throws -> Tensor {
          try store.embeddings(
            of: names.map { CategoryName($0) }, in: templates, teacher: "t", by: tower
          ).embeddings
        }
        for call in calls { _ = try embeddings(of: call) }
        let all = try embeddings(of: names)
        return names.indices.map { all.rows($0..<$0 + 1).array }
      }
    }
    let first = try rows([])
    #expect(Set(first).count == names.count)
    let histories: [[[String]]] = [
      names.map { [$0] }, [names.reversed()], [[names[1], "tapir"], [names[0]]],
    ]
    for calls in histories { #expect(try rows(calls) == first) }
  }

  @Test func aNameDoesNotDependOnItsNeighbours() throws {
    let templates = try PromptTemplates(["a {}", "the {}", "{} here"])
    try expectSameBits(["cat", "dog", "elk", "horse"], by: Neighbours(), in: templates)
  }

  /// Of a tower whose products are large enough for blocked kernels.
  @Test func norDoARealTowersNames() throws {
    let sizes = TextTransformer.Configuration(
      transformer: .init(
        width: 192, intermediate: 400, layers: 2, heads: 3, activation: .quickGELU),
      vocabulary: 256, positions: 30, endOfText: 255, projection: 96)
    let tower = Spelled(
      transformer: try .load(sizes, from: NewTensors(seed: 8)), width: 96, limit: 30)
    let names = (0..<40).map { "animal \(10 + $0)" } + ["cat", "mice", "a long one"]
    try expectSameBits(names, by: tower, in: PromptTemplates(["a {}", "the {}", "{} here"]))
  }

  /// Tokens are bytes, and an end.
  private struct Spelled: TextTower {
    let transformer: TextTransformer
    let width: Int
    let limit: Int

    func tokens(of text: String) -> [Int] { text.utf8.map { Int($0) } + [255] }

    func embed(tokens texts: [[Int]]) -> Tensor { transformer(texts).value }
  }

  @Test func theArtifactSurvivesItsFile() throws {
    try withTemporaryFolder { folder in
      let path = "\(folder)/text.safetensors"
      let made = try embed(
        [CategoryName("naïve \"1\"", synonyms: ["a/b"]), CategoryName("b")], folder: folder,
        by: Letters(limit: 20))
      try made.write(to: path)
      let read = try TextEmbeddings(path: path)
      #expect(read.categories == made.categories && read.templates == made.templates)
      #expect(read.teacher == "t" && read.embeddings.array == made.embeddings.array)
    }
  }

  /// Cosines: (1, 0) with (0.8, 0.6) is 0.8, with (0.96, 0.28) it is 0.96; the other two 0.936.
  @Test func nearDuplicatesByHand() {
    let text = TextEmbeddings(
      categories: ["a", "b", "c"].map { CategoryName($0) },
      embeddings: Tensor([3, 2], [1, 0, 0.8, 0.6, 0.96, 0.28]), templates: plain, teacher: "t")
    #expect(text.nearDuplicates().map { [$0.first.name, $0.second.name] } == [["a", "c"]])
    let loose = text.nearDuplicates(above: 0.9)
    #expect(loose.map { [$0.first.name, $0.second.name] } == [["a", "c"], ["b", "c"]])
    #expect(zip(loose, [0.96, 0.936] as [Float]).allSatisfy { abs($0.cosine - $1) < 1e-6 })
  }
}
