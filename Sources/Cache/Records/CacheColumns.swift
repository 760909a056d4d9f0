package import Shards
package import Support

/// What is kept of each region of a cache, and how; `schemas/shard-format.md` describes it.
///
/// Shape letters: R regions of a block, H embeddings of a region, D width of an embedding.
package struct CacheColumns: ShardContent, Equatable {
  /// D, at least 1.
  package let dimension: Int
  package let precision: EmbeddingPrecision
  /// H: 1, or 2 of a student with two heads.
  package let heads: Int
  /// Cells along the side of a region's mask; 0 without masks.
  package let maskSide: Int
  /// Whether images are told by names; else by their ids alone.
  package let isNamed: Bool

  package static let codec = "zstd frames of columns, byte planes apart"

  /// A column, wherever it stands.
  enum Column {
    /// `ImageTable`.
    case images
    /// `NameColumn`, of images that have names.
    case names
    /// R x 4 float32.
    case boxes
    /// R float32.
    case scores
    /// R x H x D.
    case vectors
    /// R x H float32, of whole numbers.
    case scales
    /// R x side x side, of regions with masks: float32 where embeddings are, else 255ths.
    case masks
  }

  /// What a teacher cache has: one float16 embedding a region.
  package init(dimension: Int) {
    self.init(dimension: dimension, precision: .float16, heads: 1, maskSide: 0, isNamed: false)
  }

  package init(
    dimension: Int, precision: EmbeddingPrecision, heads: Int, maskSide: Int, isNamed: Bool
  ) {
    precondition(dimension > 0 && heads > 0 && maskSide >= 0)
    (self.dimension, self.precision, self.heads) = (dimension, precision, heads)
    (self.maskSide, self.isNamed) = (maskSide, isNamed)
  }

  /// H x D: numbers that a region has in `CacheRecord.regions`.
  package var width: Int { heads * dimension }

  /// Bytes of a region's columns before compression.
  package var regionBytes: Int { order.compactMap { column($0).rowBytes }.reduce(0, +) }

  /// The columns in their order.
  private var order: [Column] {
    [.images] + (isNamed ? [.names] : []) + [.boxes, .scores, .vectors]
      + (precision == .int8 ? [.scales] : []) + (maskSide > 0 ? [.masks] : [])
  }

  package var columns: [ShardColumn] { order.map(column) }

  /// Where a column stands, which there must be.
  func index(of column: Column) -> Int { order.firstIndex(of: column)! }

  private func column(_ column: Column) -> ShardColumn {
    switch column {
    case .images: ShardColumn(varying: "image table")
    case .names: ShardColumn(varying: "names")
    case .boxes: ShardColumn("boxes", rowBytes: 16)
    case .scores: ShardColumn("scores", rowBytes: 4)
    case .vectors:
      ShardColumn("vectors", rowBytes: precision.bytes * width, planes: precision.bytes)
    case .scales: ShardColumn("scales", rowBytes: 4 * heads)
    case .masks: ShardColumn("masks", rowBytes: maskBytes * maskSide * maskSide)
    }
  }

  /// Of a cell.
  var maskBytes: Int { precision == .float32 ? 4 : 1 }

  // MARK: - In headers and recipes

  package var fields: [String: JSONValue] {
    var fields: [String: JSONValue] = [
      "codec": .string(Self.codec), "dimension": .integer(Int64(dimension)),
      "dtype": .string(precision.rawValue),
    ]
    if self == CacheColumns(dimension: dimension) { return fields }
    fields["heads"] = .integer(Int64(heads))
    fields["maskSide"] = .integer(Int64(maskSide))
    fields["named"] = .bool(isNamed)
    return fields
  }

  package init?(fields: [String: JSONValue]) {
    func count(_ name: String, of range: ClosedRange<Int64>) -> Int? {
      guard case .integer(let value)? = fields[name], range ~= value else { return nil }
      return Int(value)
    }
    guard fields["codec"] == .string(Self.codec), case .string(let dtype)? = fields["dtype"],
      let precision = EmbeddingPrecision(rawValue: dtype),
      let dimension = count("dimension", of: 1...Int64(ShardFormat.columnLimit))
    else { return nil }
    if fields["heads"] == nil {
      self.init(dimension: dimension)
      guard precision == .float16 else { return nil }
      return
    }
    guard let heads = count("heads", of: 1...2), let maskSide = count("maskSide", of: 0...1024),
      case .bool(let isNamed)? = fields["named"]
    else { return nil }
    self.init(
      dimension: dimension, precision: precision, heads: heads, maskSide: maskSide,
      isNamed: isNamed)
  }

  /// The columns of a recipe, by the fields that all kinds of them have; nil where this version does not
  /// know such.
  package init?(recipe: JSONValue) {
    guard case .object(var fields) = recipe,
      fields["formatVersion"] == .integer(Int64(ShardFormat.version))
    else { return nil }
    if case .object(let teacher)? = fields["teacher"] { fields["dimension"] = teacher["dimension"] }
    self.init(fields: fields)
  }
}
