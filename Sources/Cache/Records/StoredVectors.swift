internal import Shards
internal import Support

/// The embeddings of a block's regions as they are kept, R x H x D numbers.
enum StoredVectors: Equatable, Sendable {
  case floats([Float])
  /// The bits of IEEE 754 half precision.
  case halves([UInt16])
  /// Each embedding's numbers times its scale.
  case bytes([Int8], scales: [Float])

  /// - Parameter vectors: R x H x D, rounded as the columns keep them.
  init(_ vectors: [Float], of columns: CacheColumns) {
    switch columns.precision {
    case .float32: self = .floats(vectors)
    case .float16: self = .halves(Half.bits(vectors))
    case .int8:
      let width = columns.dimension
      var scales: [Float] = []
      var bytes: [Int8] = []
      bytes.reserveCapacity(vectors.count)
      for start in stride(from: 0, to: vectors.count, by: width) {
        let vector = vectors[start..<start + width]
        // Rounded twice: from then on, what is read back is stored as the same bytes again.
        let scale = vector.reduce(0) { max($0, abs($1)) } / 127 * 127 / 127
        scales.append(scale)
        bytes += vector.map { scale > 0 ? Int8(($0 / scale).rounded()) : 0 }
      }
      self = .bytes(bytes, scales: scales)
    }
  }

  /// The bytes of their columns.
  var columns: [[UInt8]] {
    switch self {
    case .floats(let values): [Bytes.of(values)]
    case .halves(let values): [Bytes.of(values)]
    case .bytes(let values, let scales): [Bytes.of(values), Bytes.of(scales)]
    }
  }

  /// Of memory.
  var size: Int {
    switch self {
    case .floats(let values): values.count * 4
    case .halves(let values): values.count * 2
    case .bytes(let values, let scales): values.count + scales.count * 4
    }
  }

  /// The numbers at `range`, which holds whole embeddings of `dimension` numbers.
  func floats(_ range: Range<Int>, dimension: Int) -> [Float] {
    switch self {
    case .floats(let values):
      return range == values.indices ? values : Array(values[range])
    case .halves(let values): return Half.floats(values[range])
    case .bytes(let values, let scales):
      return [Float](unsafeUninitializedCapacity: range.count) { floats, count in
        values.withUnsafeBufferPointer { values in
          for start in stride(from: range.lowerBound, to: range.upperBound, by: dimension) {
            let scale = scales[start / dimension]
            let (from, to) = (
              values.baseAddress! + start, floats.baseAddress! + start - range.lowerBound
            )
            for i in 0..<dimension { (to + i).initialize(to: Float(from[i]) * scale) }
          }
        }
        count = range.count
      }
    }
  }
}
