import Cache
import Detection
import Foundation
import Labelling
import Regions
import Student
import Support
import Tensors

extension CacheBenchmark {
  private static let storedRegions = 100

  /// A store of `images` images with 100 regions each.
  static func writeStore(
    to folder: String, images: Int, _ precision: EmbeddingPrecision
  ) throws -> (images: Int, seconds: Double) {
    let recipe = StoreRecipe(
      detector: "0", reading: "0", regions: storedRegions, embeddings: [.image], dimension: 512,
      maskSide: 0, precision: precision)
    let records = samples(32, regions: storedRegions, dimension: 512)
    let names = names(images)
    let indices = Dictionary(
      uniqueKeysWithValues: names.enumerated().map { (StoredImage.id(of: $1), $0) })
    let start = now
    let cache = try RegionCache.open(
      folder: folder, recipe: recipe, imageIDs: names.map(StoredImage.id), unitSize: 128)
    while let unit = try cache.nextUnit() {
      try cache.publish(
        unit,
        records: unit.imageIDs.map { id in
          let index = indices[id]!
          var record = records[index % records.count]
          (record.imageID, record.name) = (id, names[index])
          record.content = String(repeating: "0", count: 64)
          return record
        })
    }
    try cache.close()
    return (images, now - start)
  }

  /// Labels a store with so many names: what a query does after its names are embedded, and the parts of
  /// it that have to be, done by themselves on all cores.
  static func query(_ folder: String, names count: Int) throws -> String {
    guard let place = try CacheFolder.all(in: folder).first else {
      throw InputError(.missingInput, "no store here", at: folder)
    }
    let recipe = try StoreRecipe(place.recipe, at: place.path)
    var generator = SeededGenerator(seed: 3)
    let vectors = samples(1, regions: count, dimension: 512, using: &generator)[0].regions.vectors
    let names = Tensor([count, 512], vectors)
    let asked = AskedCategories(names: (0..<count).map { "name \($0)" }, embeddings: names)
    let reader = try CacheReader(place)
    let images = try reader.progress().done
    let items = Self.names(images).enumerated().map {
      ImageLabeller.Item(id: $0.offset + 1, name: $0.element)
    }
    let stored = try StoredImages(reader) { $0 }
    let source = StoredRegions(
      stored, of: recipe, scorer: TeacherScorer(usesObjectness: true, temperature: 0.01))
    // Into the page cache.
    let decode = try seconds(of: items) { _ = try source.look(at: $0) }
    let decodeWarm = min(decode, try seconds(of: items) { _ = try source.look(at: $0) })
    let record = try reader.record(of: StoredImage.id(of: items[0].name))
    let rows = Tensor([record.regions.count, 512], record.regions.vectors)
    let product = try seconds(of: items) { _ in
      _ = innerProducts(Variable(rows), Variable(names)).value
    }
    let output = NSTemporaryDirectory() + "vild-query-\(getpid())"
    defer { try? FileManager.default.removeItem(atPath: output) }
    try Files.createFolder(output)
    let start = now
    let labels = try Labelling(
      items, of: stored, to: "\(output)/detections.jsonl",
      header: .init(fingerprint: "0", categories: asked.names))
    try ImageLabeller(
      source, categories: asked, rule: PostProcessing(), stage: "query", report: .silent
    ).label(labels)
    let all = now - start
    return "{\"images\": \(images), \"seconds\": \(all), \"images_per_second\": "
      + "\(Double(images) / all), \"decode_seconds\": \(decodeWarm), \"product_seconds\": "
      + "\(product), \"share_of_limit\": \((decodeWarm + product) / all), \"resident\": "
      + "\(resident())}"
  }

  private static func seconds(
    of items: [ImageLabeller.Item],
    _ work: @escaping @Sendable (ImageLabeller.Item) throws -> Void
  ) throws -> Double {
    let start = now
    let line = WorkLine<ImageLabeller.Item, Void, any Error> { try work($0) }
    var next = items.makeIterator()
    try line.run(next: { next.next() }) { _ in }
    return now - start
  }

  private static func names(_ images: Int) -> [String] {
    (0..<images).map { "folder/\(String(1_000_000 + $0)).jpg" }
  }
}
