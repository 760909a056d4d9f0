import Cache
import Corpora
import Detection
import Foundation
import Images
import Labelling
import Regions
import Student
import Support
import Tensors
import TestSupport
import Testing

/// Finds the same six regions in every image, with two embeddings and a mask each.
private struct SixRegions: Detector {
  static let width = 4
  let scorer: any RegionScorer = TwoHeads()

  static let regions = (0..<6).map { i in
    Region(
      box: Box(x0: Float(3 * i), y0: 2, x1: Float(3 * i) + 8, y1: 12),
      // The third and the fifth are equal.
      score: [0.9, 0.2, 0.5, 0.7, 0.5, 0.1][i])
  }

  static func rows(_ seed: Float) -> Tensor {
    var rows: [Float] = []
    for i in 0..<6 {
      let row = (0..<width).map { sin(seed + Float(7 * i + $0)) }
      let norm = row.reduce(0) { $0 + $1 * $1 }.squareRoot()
      rows += row.map { $0 / norm }
    }
    return Tensor([6, width], rows)
  }

  func regions(of image: Image) throws(InputError) -> FoundRegions {
    FoundRegions(
      Self.regions, RegionDescription(text: Self.rows(1), image: Self.rows(2))
    ) { boxes in
      Tensor([boxes.count, 2, 2], boxes.flatMap { [$0.x0 / 100, 0.25, 1, $0.x1 / 100] })
    }
  }
}

/// An ensemble's way to score.
private struct TwoHeads: RegionScorer {
  func scores(
    of regions: [Region], _ description: RegionDescription, for categories: AskedCategories
  ) -> RegionScores {
    RegionScores(
      teacher: description.text! + description.image!, objectness: regions.scores,
      for: categories, temperature: 0.5)
  }
}

@Suite struct StoredRegionsTests {
  private static let names = ["a.png", "b.png", "broken.png"]
  private static let categories = AskedCategories(
    names: ["cat", "dog"], embeddings: Tensor([2, 4], [1, 0, 0, 0, 0, 0.6, 0.8, 0]))

  private func recipe(_ regions: Int, _ precision: EmbeddingPrecision) -> StoreRecipe {
    StoreRecipe(
      detector: "d", reading: "r", regions: regions, embeddings: [.text, .image],
      dimension: SixRegions.width, maskSide: 2, precision: precision)
  }

  private func files(_ folder: String) -> FileImages {
    FileImages(.folder(folder), failed: .leave) { _, file, path throws(ImageError) in
      try file.decoded(path, limits: DecodeLimits()) { _ in .upright }
    }
  }

  private func item(_ index: Int) -> ImageLabeller.Item {
    .init(id: index, name: Self.names[index])
  }

  /// A store of the images in `folder`.
  private func fill(_ folder: String, _ recipe: StoreRecipe) throws -> CacheReader {
    for name in Self.names.dropLast() {
      try Files.write(Image(width: 40, height: 30).pngData(), to: "\(folder)/\(name)")
    }
    try Files.write(Data("no image".utf8), to: "\(folder)/broken.png")
    let source = DetectedRegions(SixRegions(), in: files(folder))
    let ids = Self.names.map(StoredImage.id)
    let cache = try RegionCache.open(folder: "\(folder)/store", recipe: recipe, imageIDs: ids)
    while let unit = try cache.nextUnit() {
      try cache.publish(
        unit,
        records: unit.imageIDs.map { id in
          let index = ids.firstIndex(of: id)!
          return try CacheRecord(
            source.look(at: item(index)), named: Self.names[index], of: recipe)
        })
    }
    try cache.close()
    return try CacheReader(CacheFolder(root: "\(folder)/store", recipe: recipe))
  }

  /// The rows of a detections file.
  private func rows(
    _ source: any RegionSource, of images: any CorpusImages, in folder: String
  ) throws -> [DetectionFile.Row] {
    let path = "\(folder)/\(UUID().uuidString).jsonl"
    let labels = try Labelling(
      Self.names.indices.map(item), of: images, to: path,
      header: .init(fingerprint: "1", categories: Self.categories.names))
    try ImageLabeller(
      source, categories: Self.categories, rule: PostProcessing(), stage: "test", report: .silent
    ).label(labels)
    let reader = try DetectionFile.Reader(path: path)
    var rows: [DetectionFile.Row] = []
    while let row = try reader.next() { rows.append(row) }
    return rows
  }

  /// With nothing rounded and all regions kept, what is found in the store is what the detector finds,
  /// to the last bit: boxes, scores, masks, contents, and why an image failed.
  @Test func aStoreSaysWhatTheDetectorSaid() throws {
    try withTemporaryFolder { folder in
      let recipe = recipe(100, .float32)
      let reader = try fill(folder, recipe)
      let images = try StoredImages(reader) { $0 }
      let stored = try rows(
        StoredRegions(images, of: recipe, scorer: TwoHeads()), of: images, in: folder)
      let direct = try rows(
        DetectedRegions(SixRegions(), in: files(folder)), of: files(folder), in: folder)
      #expect(stored == direct)
      guard case .detected(let found, 40, 30)? = stored.first?.outcome else {
        Issue.record("nothing was found")
        return
      }
      #expect(found.count > 2 && found.allSatisfy { $0.mask != nil })
      guard case .failed(let reason)? = stored.last?.outcome else {
        Issue.record("a broken image has not failed")
        return
      }
      #expect(reason.contains("broken.png"))
    }
  }

  /// Those with the highest objectness are kept, of equal ones the earlier, in their order.
  @Test func theBestRegionsAreKept() throws {
    try withTemporaryFolder { folder in
      let reader = try fill(folder, recipe(3, .float32))
      let record = try reader.record(of: StoredImage.id(of: "a.png"))
      #expect(record.regions.regions == [0, 2, 3].map { SixRegions.regions[$0] })
      let rows = [0, 2, 3].flatMap { row in
        let range = row * 4..<row * 4 + 4
        return Array(SixRegions.rows(1).array[range]) + SixRegions.rows(2).array[range]
      }
      #expect(record.regions.vectors == rows)
      #expect(record.masks.count == 3 * 4)
    }
  }

  /// What a labelled image depends on is known without its file.
  @Test func onlyAnImageThatIsOtherInTheStoreIsLabelledAgain() throws {
    try withTemporaryFolder { folder in
      let recipe = recipe(6, .float16)
      let reader = try fill(folder, recipe)
      let images = try StoredImages(reader) { $0 }
      let content = try reader.record(of: StoredImage.id(of: "a.png")).content
      func isSame(_ index: Int, _ row: DetectionFile.Row) throws -> Bool {
        let path = "\(folder)/\(UUID().uuidString).jsonl"
        let writer = try DetectionFile.Writer(
          path: path, header: .init(fingerprint: "1", categories: ["cat"]))
        try writer.append(row)
        guard case .same = images.finding(of: item(index), writer.entries[0], seen: nil) else {
          return false
        }
        return true
      }
      let found = DetectionFile.Outcome.detected([], width: 40, height: 30)
      let error = try #require(try reader.record(of: StoredImage.id(of: "broken.png")).error)
      #expect(try isSame(0, .init(image: "a.png", id: 0, content: content, outcome: found)))
      #expect(try !isSame(0, .init(image: "a.png", id: 0, content: "other", outcome: found)))
      #expect(
        try !isSame(
          0, .init(image: "a.png", id: 0, content: content, outcome: .failed(reason: error))))
      let broken = try reader.record(of: StoredImage.id(of: "broken.png")).content
      #expect(
        try isSame(
          2,
          .init(image: "broken.png", id: 2, content: broken, outcome: .failed(reason: error))))
      #expect(
        try !isSame(
          2,
          .init(image: "broken.png", id: 2, content: broken, outcome: .failed(reason: "other"))))
    }
  }

  // MARK: - Searching

  /// All cosines of all images, suppressed image by image, sorted.
  private func naive(
    _ reader: CacheReader, _ query: [Float], heads: [Int], overlap: Double
  ) throws -> [(name: String, box: Box, score: Float)] {
    var all: [(name: String, box: Box, score: Float)] = []
    for name in ["a.png", "b.png"] {
      let record = try reader.record(of: StoredImage.id(of: name))
      var scored: [(box: Box, score: Float)] = []
      for (row, region) in record.regions.regions.enumerated() {
        var sum = Float(0)
        for head in heads {
          for i in 0..<4 { sum += query[i] * record.regions.vectors[row * 8 + head * 4 + i] }
        }
        scored.append((region.box, sum / Float(heads.count)))
      }
      var kept: [(box: Box, score: Float)] = []
      for one in scored.sorted(by: { $0.score > $1.score })
      where kept.allSatisfy({ Double($0.box.iou(one.box)) <= overlap }) {
        kept.append(one)
      }
      all += kept.map { (name, $0.box, $0.score) }
    }
    return all.sorted { $0.score > $1.score }
  }

  @Test(arguments: [RegionSearch.Query.text, .picture], [0.3, 1.0])
  func theMostSimilarRegions(of query: RegionSearch.Query, overlap: Double) throws {
    try withTemporaryFolder { folder in
      let recipe = recipe(6, .float16)
      let reader = try fill(folder, recipe)
      let wanted: [Float] = [0.5, -0.5, 0.5, 0.5]
      let heads = query == .text ? [0, 1] : [1]
      let expected = try naive(reader, wanted, heads: heads, overlap: overlap)
      for top in [1, 3, 100] {
        let hits = try RegionSearch(
          in: StoredImages(reader) { $0 }, of: recipe, for: Tensor([1, 4], wanted), madeOf: query,
          top: top,
          overlap: overlap
        ).hits(in: Self.names)
        #expect(hits.count == min(top, expected.count))
        // Both images have the same regions: the earlier goes first.
        for (hit, other) in zip(hits, expected) { #expect(abs(hit.score - other.score) < 1e-6) }
        #expect(hits.map(\.score) == hits.map(\.score).sorted(by: >))
        #expect(Set(hits.map(\.region.box)).isSubset(of: Set(expected.map(\.box))))
        #expect(hits.first?.name == "a.png" && hits.dropFirst().first?.name != "a.png")
      }
    }
  }

  @Test func numbersOfNames() {
    let names = (0..<100_000).map { "folder/\($0).jpg" }
    #expect(Set(names.map(StoredImage.id)).count == names.count)
    #expect(names.map(StoredImage.id).allSatisfy { $0 >= 0 })
    // They are in stores that are there.
    #expect(StoredImage.id(of: "a.png") == Int(PathText.hash(of: "a.png") >> 1))
    #expect(PathText.number(of: "a") == "af63dc4c8601ec8c")
  }
}
