import Cache
import Foundation
import Regions
import Shards
import Support
import TestSupport
import Testing

/// A recipe of columns that a teacher cache does not have.
private struct SampleStoreRecipe: CacheRecipe {
  var kind = "sample"
  var dimension = 8
  var heads = 2
  var maskSide = 3
  var named = true
  var dtype: EmbeddingPrecision
  var codec = CacheColumns.codec
  var formatVersion = 1

  var columns: CacheColumns {
    CacheColumns(
      dimension: dimension, precision: dtype, heads: heads, maskSide: maskSide, isNamed: named)
  }
}

/// Caches that keep more of a region than a teacher's one embedding, and of an image its name.
@Suite struct RegionStoreTests {
  /// Unit vectors, masks, names of all kinds, a note, a failure and an image without regions.
  private func records() -> [CacheRecord] {
    var generator = SeededGenerator(state: 4)
    let names = ["a.jpg", "ü/b c.png", "line\nbreak.jpg", "gone.jpg", "empty.jpg"]
    return names.enumerated().map { index, name in
      if name == "gone.jpg" {
        var record = CacheRecord(imageID: index, failed: .missing, error: "cannot read gone.jpg")
        record.name = name
        return record
      }
      let count = name == "empty.jpg" ? 0 : 1 + 2 * index
      var vectors: [Float] = []
      for _ in 0..<2 * count {
        let vector = (0..<8).map { _ in Float.random(in: -1...1, using: &generator) }
        let norm = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
        vectors += vector.map { $0 / norm }
      }
      let regions = (0..<count).map {
        Region(box: Box(x0: Float($0), y0: 1, x1: Float($0) + 9.5, y1: 7), score: 1 / Float($0 + 1))
      }
      var record = CacheRecord(
        imageID: index, width: 64, height: 48,
        regions: EmbeddedRegions(regions, vectors: vectors))
      record.name = name
      record.content = String(repeating: "c", count: 64)
      record.note = index == 1 ? "cut short, and whole" : nil
      record.masks = (0..<count * 9).map { _ in Float.random(in: 0...1, using: &generator) }
      return record
    }
  }

  private func fill(_ root: String, _ precision: EmbeddingPrecision) throws -> CacheFolder {
    let recipe = SampleStoreRecipe(dtype: precision)
    let records = records()
    let cache = try RegionCache.open(
      folder: root, recipe: recipe, imageIDs: records.map(\.imageID), unitSize: 2)
    while let unit = try cache.nextUnit() {
      try cache.publish(unit, records: unit.imageIDs.map { records[$0] })
    }
    try cache.close()
    return CacheFolder(root: root, recipe: recipe)
  }

  /// How far numbers may be from those that were given: not at all, half a step of float16 in 0.5...1,
  /// half a step of 127 of the largest.
  @Test(arguments: [
    (EmbeddingPrecision.float32, Float(0), Float(0)), (.float16, 0x1p-12, 1.0 / 509),
    (.int8, 1.0 / 253, 1.0 / 509),
  ])
  func recordsComeBack(
    precision: EmbeddingPrecision, vectorBound: Float, maskBound: Float
  ) throws {
    try withTemporaryFolder { root in
      let folder = try fill(root, precision)
      #expect(try RegionCache.verify(folder, .full).isEmpty)
      let reader = try CacheReader(CacheFolder(folder.path))
      for record in records() {
        let found = try reader.record(of: record.imageID)
        #expect(found.name == record.name && found.note == record.note)
        #expect(found.content == record.content && found.error == record.error)
        #expect(found.regions.regions == record.regions.regions)
        #expect(found.regions.vectors.count == record.regions.vectors.count)
        for (a, b) in zip(found.regions.vectors, record.regions.vectors) {
          #expect(abs(a - b) <= vectorBound)
        }
        #expect(found.masks.count == record.masks.count)
        for (a, b) in zip(found.masks, record.masks) { #expect(abs(a - b) <= maskBound) }
      }
    }
  }

  /// What is read of a store and stored again, as where stores are merged or parts put together, is the
  /// same bytes.
  @Test(arguments: [EmbeddingPrecision.float32, .float16, .int8])
  func storedAgainTheyAreTheSame(precision: EmbeddingPrecision) throws {
    try withTemporaryFolder { root in
      let recipe = SampleStoreRecipe(dtype: precision)
      var generator = SeededGenerator(state: 9)
      var records: [CacheRecord] = []
      for id in 0..<40 {
        var record = sampleRecord(id, regions: 50, using: &generator)
        record.name = "\(id).jpg"
        record.masks = (0..<50 * 9).map { _ in Float.random(in: 0...1, using: &generator) }
        records.append(record)
      }
      var files: [Data] = []
      for time in 0..<2 {
        let path = "\(root)/\(time).zst"
        let writer = try CacheShardWriter(path: path, recipe: Recipe(recipe), shard: 0)
        for record in records { try writer.append(record) }
        _ = try writer.finish()
        files.append(try Files.read(path))
        records = try CacheShard(path: path).records()
      }
      #expect(files[0] == files[1])
    }
  }

  /// Every byte of a shard counts, whatever its columns.
  @Test func aFlippedBitIsNamed() throws {
    try withTemporaryFolder { root in
      let folder = try fill(root, .int8)
      let path = folder.shard(0)
      let whole = try Files.read(path)
      for place in stride(from: 0, to: whole.count, by: 7) {
        var damaged = whole
        damaged[place] ^= 0x10
        try damaged.write(to: URL(filePath: path))
        #expect(
          try RegionCache.verify(folder, .full).contains { $0.shard == 0 }, "byte \(place)")
      }
      try whole.write(to: URL(filePath: path))
      #expect(try RegionCache.verify(folder, .full).isEmpty)
    }
  }

  @Test func storesOfOneRecipeAreMerged() throws {
    try withTemporaryFolder { root in
      let (one, other) = (try fill("\(root)/a", .int8), try fill("\(root)/b", .int8))
      let hash = try CacheReader(one).contentHash()
      #expect(try CacheReader(other).contentHash() == hash)
      let third = CacheFolder(root: "\(root)/c", recipe: SampleStoreRecipe(dtype: .int8))
      _ = try RegionCache.merge(from: one, into: third)
      #expect(try CacheReader(third).contentHash() == hash)
      let foreign = try fill("\(root)/d", .float16)
      #expect(throws: InputError.self) { try RegionCache.merge(from: foreign, into: third) }
    }
  }

  /// A shard is refused where its header tells of columns that there are not.
  @Test func unknownColumns() {
    let fields = SampleStoreRecipe(dtype: .int8).columns.fields
    #expect(CacheColumns(fields: fields) == SampleStoreRecipe(dtype: .int8).columns)
    let wrong: [(String, JSONValue)] = [
      ("heads", .integer(3)), ("heads", .integer(0)), ("maskSide", .integer(-1)),
      ("maskSide", .string("3")), ("named", .integer(1)), ("dtype", .string("int4")),
      ("dimension", .integer(0)), ("codec", .string("other")),
    ]
    for (name, value) in wrong {
      var fields = fields
      fields[name] = value
      #expect(CacheColumns(fields: fields) == nil, "\(name) \(value.canonical)")
    }
    for name in ["maskSide", "named"] {
      var fields = fields
      fields[name] = nil
      #expect(CacheColumns(fields: fields) == nil, "no \(name)")
    }
    // A teacher cache's columns are told without them, and only in float16.
    #expect(CacheColumns(dimension: 8).fields.count == 3)
    var teacher = CacheColumns(dimension: 8).fields
    teacher["dtype"] = .string("float32")
    #expect(CacheColumns(fields: teacher) == nil)
  }
}
