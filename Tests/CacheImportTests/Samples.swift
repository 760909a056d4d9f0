import Cache
import CacheExport
import CacheImport
import Foundation
import Regions
import Support
import Tensors
import TestSupport
import Testing

/// D
let dimension = 16

func sampleRecipe(_ labels: [String] = ["cat", "dog"]) -> TeacherRecipe {
  TeacherRecipe(
    teacher: .init(
      family: "clip", weights: String(repeating: "a", count: 64), dimension: dimension),
    preprocessing: .init(
      inputSize: 224, cropFactors: [1, 1.5], border: "clip", rounding: "half-to-even",
      resize: "bicubic squash", mean: [0.48, 0.46, 0.41], std: [0.27, 0.26, 0.28]),
    combination: "unitSum", numericMode: "float32",
    proposals: .init(file: String(repeating: "b", count: 64), labels: labels),
    imageDecodePolicy: 1)
}

/// The hash of an image's file.
func content(of image: Int) -> String { Fingerprint.data(Data("image \(image)".utf8)) }

/// Images 10, 13, 16, ... with 0 to 4 regions, one of them failed. The vectors are exact in float16.
func sampleRecords(_ count: Int) -> [CacheRecord] {
  var generator = SeededGenerator(seed: 1)
  return (0..<count).map { index in
    let id = 10 + 3 * index
    if index == 3 { return CacheRecord(imageID: id, failed: .decodeError, error: "a damaged jpeg") }
    let regions = (0..<(index % 5)).map { _ in
      let (x, y) = (Float.random(in: 0..<500, using: &generator), Float(7.125))
      let width = Float.random(in: 1..<90, using: &generator)
      return Region(
        box: Box(x0: x, y0: y, x1: x + width, y1: y + 33.3),
        score: Float.random(in: 0...1, using: &generator))
    }
    // Four numbers of 0.5 or -0.5 have norm 1.
    let vectors = regions.flatMap { _ in
      (Array(repeating: Float(0.5), count: 4) + Array(repeating: 0, count: dimension - 4))
        .map { Bool.random(using: &generator) ? $0 : -$0 }.shuffled(using: &generator)
    }
    var record = CacheRecord(
      imageID: id, width: 640, height: 480, regions: EmbeddedRegions(regions, vectors: vectors))
    record.content = content(of: id)
    return record
  }
}

/// Writes records into a cache of their own and exports it: npz or safetensors files in a folder.
@discardableResult
func export(
  _ records: [CacheRecord], as format: ExportFormat, to folder: String, in root: String,
  recipe: TeacherRecipe = sampleRecipe(), fileBytes: Int = 1 << 20
) throws -> [String] {
  let place = "\(root)/cache-\(UUID().uuidString)"
  let cache = try RegionCache.open(
    folder: place, recipe: recipe, imageIDs: records.map(\.imageID), unitSize: 8)
  let byID = Dictionary(uniqueKeysWithValues: records.map { ($0.imageID, $0) })
  try cache.work { id in byID[id]! }
  try cache.close()
  let exporter = try CacheExporter(
    of: CacheFolder(root: place, recipe: recipe), as: format, to: folder, fileBytes: fileBytes)
  var paths: [String] = []
  while let file = try exporter.writeNextFile() { paths.append("\(folder)/\(file.name)") }
  return paths
}

/// What is due where the cache is to hold these records.
func due(_ records: [CacheRecord]) -> @Sendable (Int) -> DueImage? {
  let images = Dictionary(
    uniqueKeysWithValues: records.map { record in
      let regions = record.regions.regions
      return (
        record.imageID,
        DueImage(
          content: content(of: record.imageID), regionsHash: RegionsHash.of(regions),
          regions: { regions })
      )
    })
  return { images[$0] }
}

func open(
  _ paths: [String], _ records: [CacheRecord], dimension: Int = dimension, skipping: Bool = false
) throws -> VectorFiles {
  try VectorFiles(
    paths, recipeHash: sampleRecipe().hash, dimension: dimension, skippingChanged: skipping,
    due: due(records), on: .silent)
}

let columnFormats = [ExportFormat.npz, .safetensors]

/// Expects the vectors of these records, and no others.
func expect(
  _ files: VectorFiles, holdThoseOf records: [CacheRecord],
  location: SourceLocation = #_sourceLocation
) throws {
  #expect(files.images == Set(records.map(\.imageID)), sourceLocation: location)
  for record in records {
    #expect(
      try files.vectors(of: record.imageID) == record.regions.vectors, sourceLocation: location)
    #expect(files.content(of: record.imageID) == record.content, sourceLocation: location)
  }
}

/// A safetensors file of columns, as somebody may write it.
struct HandmadeFile {
  typealias Column = (type: String, shape: [Int], bytes: [UInt8])
  var columns: [String: Column]

  /// Of some records that did not fail, with vectors in float32.
  init(_ records: [CacheRecord]) {
    let regions = records.map(\.regions)
    let (rows, boxes) = (regions.reduce(0) { $0 + $1.count }, regions.flatMap { $0.regions.boxes })
    let offsets = regions.reduce(into: [Int64(0)]) { $0.append($0.last! + Int64($1.count)) }
    columns = [
      "ids": ("I64", [records.count], Bytes.of(records.map { Int64($0.imageID) })),
      "offsets": ("I64", [records.count + 1], Bytes.of(offsets)),
      "contents": (
        "U8", [records.count, 32], records.flatMap { Self.bytes($0.content ?? "") }
      ),
      "boxes": (
        "F32", [rows, 4], Bytes.of(boxes.flatMap { [$0.x0, $0.y0, $0.x1, $0.y1] })
      ),
      "scores": ("F32", [rows], Bytes.of(regions.flatMap { $0.regions.scores })),
      "vectors": ("F32", [rows, dimension], Bytes.of(regions.flatMap(\.vectors))),
      "recipe": ("U8", [32], Self.bytes(sampleRecipe().hash)),
    ]
  }

  static func bytes(_ hex: String) -> [UInt8] {
    stride(from: 0, to: hex.count, by: 2).compactMap {
      UInt8(hex.dropFirst($0).prefix(2), radix: 16)
    }
  }

  /// Writes the file with its checksum, or with another column of that name.
  func write(to path: String) throws {
    var columns = columns
    let lines = columns.sorted { $0.key < $1.key }
      .map { "\(Fingerprint.data(Data($1.bytes)))  \($0)\n" }
    let hash = Fingerprint.data(Data(lines.joined().utf8))
    columns["sha256"] = columns["sha256"] ?? ("U8", [32], Self.bytes(hash))
    var (header, body): ([String: Any], [UInt8]) = ([:], [])
    for (name, column) in columns.sorted(by: { $0.key < $1.key }) {
      header[name] = [
        "dtype": column.type, "shape": column.shape,
        "data_offsets": [body.count, body.count + column.bytes.count],
      ]
      body += column.bytes
    }
    let text = try JSONSerialization.data(withJSONObject: header)
    try Files.write(Data(Bytes.of([UInt64(text.count)])) + text + Data(body), to: path)
  }
}
