internal import CZlib
internal import Cache
internal import Support

/// The columns of N images with R regions of width D, as npz and safetensors files hold them; files of
/// vectors that were computed elsewhere have them as well.
package enum ExportColumn: String, CaseIterable, Sendable {
  /// N int64: the data set's image ids.
  case ids
  /// N + 1 int64: the regions of image i are the rows `offsets[i] ..< offsets[i + 1]`.
  case offsets
  /// N x 2 int32: width and height in pixels, 0 if unknown.
  case sizes
  /// N x 32 uint8: SHA-256 of each image's file, zeros where it is not known.
  case contents
  /// N uint8: the codes of `ImageStatus`, 0 for ok and 1 for no proposals.
  case status
  /// R x 4 float32: x0, y0, x1, y1 in pixels, half-open.
  case boxes
  /// R float32: objectness.
  case scores
  /// R x D float16: unit vectors.
  case vectors
  /// 32 uint8: the hash of the recipe.
  case recipe
  /// 32 uint8: `ColumnHashes` of all others.
  case sha256

  /// NumPy's and safetensors' names of the element type, and its bytes.
  package var type: (numpy: String, safetensors: String, size: Int) {
    switch self {
    case .ids, .offsets: ("<i8", "I64", 8)
    case .sizes: ("<i4", "I32", 4)
    case .status, .contents, .recipe, .sha256: ("|u1", "U8", 1)
    case .boxes, .scores: ("<f4", "F32", 4)
    case .vectors: ("<f2", "F16", 2)
    }
  }

  package func shape(images: Int, regions: Int, dimension: Int) -> [Int] {
    switch self {
    case .contents: [images, 32]
    case .recipe, .sha256: [32]
    case .ids, .status: [images]
    case .offsets: [images + 1]
    case .sizes: [images, 2]
    case .boxes: [regions, 4]
    case .scores: [regions]
    case .vectors: [regions, dimension]
    }
  }

  /// Bytes of the columns that an image with `regions` regions adds.
  static func size(regions: Int, dimension: Int) -> Int { 57 + regions * (20 + 2 * dimension) }
}

/// Fills the columns of a file side by side, image by image; their places are known beforehand.
struct ExportColumnWriter {
  let file: PartFile
  /// Where the next bytes of each column go.
  private var ends: [Int]
  /// CRC-32 of each column so far.
  private(set) var checksums: [UInt32]
  private var hashes = ColumnHashes()
  /// What waits to be written, a column.
  private var waiting: [[UInt8]]
  private var regions = 0

  /// - Parameters:
  ///   - starts: where the bytes of each column begin, in the order of `ExportColumn.allCases`.
  ///   - checksums: CRC-32 of what stands before them.
  ///   - recipeHash: in hex.
  init(
    _ file: PartFile, starts: [Int], checksums: [UInt32], recipeHash: String
  ) throws(InputError) {
    self.file = file
    ends = starts
    self.checksums = checksums
    waiting = starts.map { _ in [] }
    try append(.offsets, Bytes.of([Int64(0)]))
    try append(.recipe, ColumnHashes.bytes(recipeHash))
  }

  mutating func append(_ record: HalfRecord) throws(InputError) {
    regions += record.scores.count
    try append(.ids, Bytes.of([Int64(record.imageID)]))
    try append(.offsets, Bytes.of([Int64(regions)]))
    try append(.sizes, Bytes.of([Int32(record.width), Int32(record.height)]))
    try append(
      .contents, record.content.map(ColumnHashes.bytes) ?? [UInt8](repeating: 0, count: 32))
    try append(.status, [UInt8(record.status.code)])
    try append(.boxes, Bytes.of(record.boxes))
    try append(.scores, Bytes.of(record.scores))
    try append(.vectors, Bytes.of(record.vectors))
  }

  mutating func finish() throws(InputError) {
    for column in ends.indices { try flush(column) }
    try append(.sha256, ColumnHashes.bytes(hashes.hex))
    for column in ends.indices { try flush(column) }
  }

  private mutating func append(_ column: ExportColumn, _ bytes: [UInt8]) throws(InputError) {
    let index = ExportColumn.allCases.firstIndex(of: column)!
    waiting[index] += bytes
    if waiting[index].count >= 1 << 20 { try flush(index) }
  }

  private mutating func flush(_ column: Int) throws(InputError) {
    try file.write(waiting[column], at: ends[column])
    ends[column] += waiting[column].count
    checksums[column] = CRC32.of(waiting[column], after: checksums[column])
    hashes.add(waiting[column], to: ExportColumn.allCases[column].rawValue)
    waiting[column].removeAll(keepingCapacity: true)
  }
}

/// The checksum of zip archives.
enum CRC32 {
  /// - Parameter sum: of the bytes before; 0 for none.
  static func of(_ bytes: [UInt8], after sum: UInt32 = 0) -> UInt32 {
    bytes.withUnsafeBytes {
      UInt32(crc32_z(UInt(sum), $0.bindMemory(to: UInt8.self).baseAddress, $0.count))
    }
  }
}
