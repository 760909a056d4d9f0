internal import Cache
internal import CacheExport
internal import Regions
internal import Support
internal import Tensors

/// A file of regions' vectors that were computed elsewhere: a NumPy archive or a safetensors file with the
/// columns of `ExportColumn`. `schemas/vectors.md` describes it.
struct VectorFile: Sendable {
  let path: String
  /// N: the data set's image ids, as far as is known here.
  let ids: [Int]
  /// D
  let width: Int
  /// Of the recipe that the vectors were made by, in hex; nil for zeros.
  let recipeHash: String?
  private let file: TensorFile
  private let contents, boxes, scores, vectors: StoredTensor
  /// N + 1, ascending from 0 to R.
  private let offsets: [Int]
  private let status: [Int]?

  /// How far from 1 the length of a vector may be: float16 rounds it by half of this.
  static let unitTolerance = 1e-3

  /// - Parameter isKnown: whether its checksum was compared before.
  /// - Throws: `InputError` (`missingInput`, `badData`) that names the file and the column.
  init(_ path: String, isKnown: Bool = false) throws(InputError) {
    let file = try TensorFile.columns(path)
    let columns = Columns(file: file)
    let ids = try columns.find(.ids, [.int64], [nil])
    let images = ids.shape[0]
    _ = try columns.find(.offsets, [.int64], [images + 1])
    contents = try columns.find(.contents, [.uint8], [images, 32])
    boxes = try columns.find(.boxes, [.float32], [nil, 4])
    let regions = boxes.shape[0]
    scores = try columns.find(.scores, [.float32], [regions])
    vectors = try columns.find(.vectors, [.float16, .float32], [regions, nil])
    let recipe = try columns.find(.recipe, [.uint8], [32])
    if file.tensors[ExportColumn.status.rawValue] != nil {
      _ = try columns.find(.status, [.uint8], [images])
      status = try file.integers(ExportColumn.status.rawValue)
    } else {
      status = nil
    }
    if !isKnown { try columns.compareHash() }
    self.path = path
    self.file = file
    width = vectors.shape[1]
    recipeHash = file.withBytes(of: recipe) { ColumnHashes.hex($0) }
    self.ids = try file.integers(ExportColumn.ids.rawValue)
    self.offsets = try file.integers(ExportColumn.offsets.rawValue)
    guard self.offsets[0] == 0, self.offsets[images] == regions,
      zip(self.offsets, self.offsets.dropFirst()).allSatisfy({ $0 <= $1 })
    else {
      throw InputError(
        .badData, "the column 'offsets' does not ascend from 0 to the number of regions",
        at: path, expected: "0, ..., \(regions)")
    }
  }

  /// SHA-256 in hex of the file of the image at `index`; nil where it is not known.
  func content(_ index: Int) -> String? {
    file.withBytes(of: contents, index * 32..<(index + 1) * 32) { ColumnHashes.hex($0) }
  }

  /// Whether the image at `index` could not be used, as an export says of it.
  func hasFailed(_ index: Int) -> Bool {
    status.map { ImageStatus(code: UInt32($0[index]))?.isFailure ?? true } ?? false
  }

  /// The regions of the image at `index`.
  func regions(_ index: Int) -> [Region] {
    let rows = rows(index)
    let edges = file.floats(of: boxes, rows.lowerBound * 4..<rows.upperBound * 4)
    let boxes = (0..<rows.count).map {
      Box(x0: edges[4 * $0], y0: edges[4 * $0 + 1], x1: edges[4 * $0 + 2], y1: edges[4 * $0 + 3])
    }
    return [Region](boxes: boxes, scores: file.floats(of: scores, rows))
  }

  /// The unit vectors [R, D] of the regions of the image at `index`. Those in float16 are as they are
  /// stored, so that they stay what they were; those in float32 are divided by their lengths.
  ///
  /// - Throws: `InputError` (`badData`) that names the image and the region for a vector that is not finite
  ///   or of another length than 1.
  func unitVectors(_ index: Int) throws(InputError) -> [Float] {
    let rows = rows(index)
    var values = file.floats(of: vectors, rows.lowerBound * width..<rows.upperBound * width)
    for region in 0..<rows.count {
      let own = region * width..<(region + 1) * width
      let length = values[own].reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
      guard length.isFinite, abs(length - 1) <= Self.unitTolerance else {
        throw InputError(
          .badData, "the vector of region \(region) of image \(ids[index]) is no unit vector",
          at: path, expected: "length 1, to \(Self.unitTolerance)", got: "\(Float(length))",
          hint: "sum the vectors of a region's crops as the list's 'combination' says, then divide "
            + "the sum by its length")
      }
      guard vectors.type == .float32 else { continue }
      for i in own { values[i] = Float(Double(values[i]) / length) }
    }
    return values
  }

  private func rows(_ index: Int) -> Range<Int> { offsets[index]..<offsets[index + 1] }
}

/// Finds the columns of a file, each of the type and shape that it must have.
private struct Columns {
  let file: TensorFile

  /// - Parameter shape: nil stands for any length.
  func find(
    _ column: ExportColumn, _ types: [StoredType], _ shape: [Int?]
  ) throws(InputError) -> StoredTensor {
    let name = column.rawValue
    guard let found = file.tensors[name] else {
      throw InputError(
        .badData, "no column '\(name)'", at: file.path,
        expected: "the columns of 'vild cache export', or of embed_elsewhere.py")
    }
    let fits =
      found.shape.count == shape.count
      && zip(found.shape, shape).allSatisfy { $0 == $1 ?? $0 }
    guard fits, types.contains(found.type) else {
      let lengths = shape.map { $0.map(String.init) ?? "any" }.joined(separator: ", ")
      throw InputError(
        .badData, "the column '\(name)' has another type or shape", at: file.path,
        expected: "\(types.map(\.rawValue).joined(separator: " or ")) [\(lengths)]",
        got: "\(found.type.rawValue) \(found.shape)")
    }
    return found
  }

  /// Compares what the file says of its columns with what they are.
  func compareHash() throws(InputError) {
    let stored = try find(.sha256, [.uint8], [32])
    var hashes = ColumnHashes()
    for (name, column) in file.tensors {
      file.withBytes(of: column) { hashes.add($0, to: name) }
    }
    let (written, found) = (file.withBytes(of: stored) { ColumnHashes.hex($0) }, hashes.hex)
    guard written == found else {
      throw InputError(
        .badData, "the columns do not have the checksum they were written with", at: file.path,
        expected: written ?? "zeros", got: found,
        hint: "the file is damaged: bring it again from where it was made")
    }
  }
}
