import Cache
import Foundation
import GRDB
import Regions
import Shards
import Support
import TestSupport

/// A small reproducible generator (splitmix64).
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var bits = state
    bits = (bits ^ bits >> 30) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ bits >> 27) &* 0x94D0_49BB_1331_11EB
    return bits ^ bits >> 31
  }
}

func sampleRecipe(dimension: Int = 16, family: String = "clip") -> TeacherRecipe {
  TeacherRecipe(
    teacher: .init(
      family: family, weights: String(repeating: "a", count: 64), dimension: dimension),
    preprocessing: .init(
      inputSize: 224, cropFactors: [1, 1.5], border: "zero", rounding: "outward",
      resize: "bicubic", mean: [0.48, 0.46, 0.41], std: [0.27, 0.26, 0.28]),
    combination: "sum of unit vectors, normalised", numericMode: "float32",
    proposals: .init(file: String(repeating: "b", count: 64), labels: ["cat", "dog"]),
    imageDecodePolicy: 1)
}

/// A record with unit vectors that are exact in float16, so that it reads back equal.
func sampleRecord(
  _ imageID: Int, regions: Int, dimension: Int = 16, using generator: inout SeededGenerator
) -> CacheRecord {
  var boxes: [Box] = []
  var vectors: [Float] = []
  for _ in 0..<regions {
    let (x, y) = (Float.random(in: 0..<500, using: &generator), Float(7.125))
    boxes.append(
      Box(x0: x, y0: y, x1: x + Float.random(in: 1..<90, using: &generator), y1: y + 33.3))
    let vector = (0..<dimension).map { _ in Float.random(in: -1...1, using: &generator) }
    let norm = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
    vectors += vector.map { Half.float(Half.bits($0 / norm)) }
  }
  return CacheRecord(
    imageID: imageID, width: 640, height: 480,
    regions: EmbeddedRegions(
      boxes.map { Region(box: $0, score: Float.random(in: 0...1, using: &generator)) },
      vectors: vectors))
}

/// Ids 10, 13, 16, ...: images with 0 to 9 regions and every kind of failure.
func sampleRecords(_ count: Int, seed: UInt64 = 1, dimension: Int = 16) -> [CacheRecord] {
  var generator = SeededGenerator(state: seed)
  let failures = ImageStatus.allCases.filter(\.isFailure)
  return (0..<count).map { index in
    let id = 10 + 3 * index
    if index % 5 == 4 {
      return CacheRecord(
        imageID: id, failed: failures[index / 5 % failures.count],
        error: "image \(id): größer als erlaubt", width: 9999, height: 9998)
    }
    return sampleRecord(
      id, regions: index % 7 == 3 ? 0 : 1 + index % 9, dimension: dimension, using: &generator)
  }
}

/// Publishes all of `records` in units of `unitSize` and closes the cache.
func fill(
  _ folder: String, _ records: [CacheRecord], recipe: TeacherRecipe = sampleRecipe(), unitSize: Int
) throws {
  let byID = Dictionary(uniqueKeysWithValues: records.map { ($0.imageID, $0) })
  let cache = try RegionCache.open(
    folder: folder, recipe: recipe, imageIDs: records.map(\.imageID), unitSize: unitSize)
  while let unit = try cache.nextUnit() {
    try cache.publish(unit, records: unit.imageIDs.compactMap { byID[$0] })
  }
  try cache.close()
}

/// Changes rows of a catalogue as a program would that writes their checksums.
func changeRows(of place: CacheFolder, _ sql: String) throws {
  try DatabaseQueue(path: place.catalogue).writeWithoutTransaction { db in
    db.add(function: RowChecksum.function)
    try db.execute(sql: sql)
    for table in ["unit", "image", "shard", "location", "file", "summary", "usable", "run"] {
      let columns = try db.columns(in: table).map(\.name).dropLast().joined(separator: ", ")
      try db.execute(sql: "UPDATE \(table) SET checksum = row_checksum(\(columns))")
    }
  }
}

/// What training reads of a cache: its images in their order, every record, and what it is called.
struct TrainingView: Equatable {
  var manifest: String
  var records: [CacheRecord]

  init(_ place: CacheFolder) throws {
    let images = try UsableImages(of: CacheReader(place))
    manifest = images.manifest
    records = try (0..<images.count).map { try images.record(at: $0) }
  }
}

/// Writes one shard file of `records`.
@discardableResult
func writeShard(
  _ path: String, _ records: [CacheRecord], recipe: TeacherRecipe = sampleRecipe(), number: Int = 0,
  blockBytes: Int = 1 << 20
) throws -> String {
  let writer = try CacheShardWriter(
    path: path, recipe: Recipe(recipe), shard: number, blockBytes: blockBytes)
  for record in records { try writer.append(record) }
  return try writer.finish()
}
