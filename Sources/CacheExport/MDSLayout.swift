internal import Cache
internal import Shards
internal import Support

/// `shard.00000.mds`, with zstd `shard.00000.mds.zstd`, and `index.json`: MosaicML Streaming's
/// format, version 2. A sample has the columns below; arrays have their shapes with them.
struct MDSLayout: ExportLayout {
  let dimension: Int
  /// Whether each shard is one zstd frame, which the library unpacks whole before its first use.
  let compressed: Bool

  /// The columns in the order of their names, as the format wants them; nil for a varying size.
  private static let columns: [(name: String, encoding: String, size: Int?)] = [
    ("boxes", "ndarray:float32", nil), ("error", "str", nil), ("height", "int", 8),
    ("id", "int", 8), ("scores", "ndarray:float32", nil), ("status", "str", nil),
    ("vectors", "ndarray:float16", nil), ("width", "int", 8),
  ]

  /// Offsets within a file are of 32 bits; a compressed file is put together in memory.
  var limit: Int? { compressed ? 1 << 26 : 1 << 31 }

  private func rawName(_ number: Int) -> String { "shard.\(digits(number, 5)).mds" }

  func name(_ number: Int) -> String { rawName(number) + (compressed ? ".zstd" : "") }

  func size(of row: ImageRow) -> Int {
    let arrays = [[row.rows, 4], [row.rows], [row.rows, dimension]]
    let shapes = arrays.reduce(0) { $0 + Self.shape($1).count }
    let texts = row.status.rawValue.utf8.count + (row.error ?? "").utf8.count
    // Its offset, the sizes of five columns, three numbers, and the columns.
    return 4 + 20 + 24 + shapes + texts + row.rows * (20 + 2 * dimension)
  }

  func write(
    _ images: [ImageLocation], to file: PartFile,
    read: (ImageLocation) throws(InputError) -> HalfRecord
  ) throws(InputError) {
    let start = start(of: images)
    guard compressed else {
      try file.write(start)
      for image in images { try file.write(sample(try read(image))) }
      return
    }
    var content = start
    for image in images { content += sample(try read(image)) }
    try file.write(Zstd.Compressor().frame(content))
  }

  func index(of files: [CacheExporter.File]) -> (name: String, content: String)? {
    let frame = 8 + JSONValue.object(configuration).canonical.utf8.count
    let shards = files.enumerated().map { number, file in
      func about(_ name: String, _ bytes: Int) -> JSONValue {
        .object([
          "basename": .string(name), "bytes": .integer(Int64(bytes)), "hashes": .object([:]),
        ])
      }
      var shard = configuration
      shard["samples"] = .integer(Int64(file.images))
      shard["raw_data"] = about(rawName(number), frame + file.content)
      shard["zip_data"] = compressed ? about(file.name, file.bytes) : .null
      return JSONValue.object(shard)
    }
    let index = JSONValue.object(["version": .integer(2), "shards": .array(shards)])
    return ("index.json", index.canonical)
  }

  private var configuration: [String: JSONValue] {
    [
      "version": .integer(2), "format": .string("mds"), "hashes": .array([]),
      "compression": compressed ? .string("zstd") : .null, "size_limit": .null,
      "column_names": .array(Self.columns.map { .string($0.name) }),
      "column_encodings": .array(Self.columns.map { .string($0.encoding) }),
      "column_sizes": .array(Self.columns.map { $0.size.map { .integer(Int64($0)) } ?? .null }),
    ]
  }

  /// The number of samples, where each begins and the last ends, and the configuration.
  private func start(of images: [ImageLocation]) -> [UInt8] {
    let configuration = Array(JSONValue.object(configuration).canonical.utf8)
    var offsets = [8 + 4 * images.count + configuration.count]
    for image in images { offsets.append(offsets[offsets.count - 1] + size(of: image.row) - 4) }
    return Bytes.of([UInt32(images.count)]) + Bytes.of(offsets.map { UInt32($0) }) + configuration
  }

  /// Sizes of the varying columns, then all columns.
  private func sample(_ record: HalfRecord) -> [UInt8] {
    let regions = record.scores.count
    let error = Array((record.error ?? "").utf8)
    let status = Array(record.status.rawValue.utf8)
    let boxes = Self.shape([regions, 4]) + Bytes.of(record.boxes)
    let scores = Self.shape([regions]) + Bytes.of(record.scores)
    let vectors = Self.shape([regions, dimension]) + Bytes.of(record.vectors)
    let sizes = [boxes, error, scores, status, vectors].map { UInt32($0.count) }
    var sample = Bytes.of(sizes) + boxes + error
    sample += Bytes.of([Int64(record.height), Int64(record.imageID)])
    sample += scores + status + vectors
    return sample + Bytes.of([Int64(record.width)])
  }

  /// The number of axes and the bytes of each length (1, 2, 4 or 8, as 0 to 3), then the lengths.
  private static func shape(_ shape: [Int]) -> [UInt8] {
    let largest = shape.max() ?? 0
    let width = largest < 1 << 8 ? 0 : largest < 1 << 16 ? 1 : largest < 1 << 32 ? 2 : 3
    var bytes = [UInt8(shape.count << 2 | width)]
    for length in shape { bytes += Bytes.of([UInt64(length)]).prefix(1 << width) }
    return bytes
  }
}
