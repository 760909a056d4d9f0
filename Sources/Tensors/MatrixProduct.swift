import COneDNN
import COpenBLAS
import Support

/// A matrix in memory: rows x columns, `stride` elements from row to row.
struct Matrix {
  var start: UnsafePointer<Float>
  var rows: Int
  var columns: Int
  var stride: Int
  /// Whether the product uses it transposed; `rows` and `columns` are those of the memory.
  var transposed = false

  init(
    _ start: UnsafePointer<Float>, _ rows: Int, _ columns: Int, stride: Int? = nil,
    transposed: Bool = false
  ) {
    self.start = start
    self.rows = rows
    self.columns = columns
    self.stride = stride ?? columns
    self.transposed = transposed
  }
}

/// Products of float32 matrices: oneDNN's with AVX-512, where the program was built with it, and OpenBLAS's
/// elsewhere. OpenBLAS as Debian 12 has it multiplies with AVX2 on processors that are younger, at half the speed;
/// with AVX2 alone it is the faster one. Sums differ by their rounding.
enum BLAS {
  private static let usesOneDNN = vild_onednn_has_wide_vectors() != 0

  /// OpenBLAS with one thread of its own: Swift splits the work, which is faster for these shapes.
  private static let prepared: Void = {
    _ = OpenBLASMemory.ownThreads
    openblas_set_num_threads(1)
  }()

  /// `out = scale a b`, or `out += scale a b`; on the calling thread. `outStride` is the distance
  /// between the rows of `out`; without it they follow one another.
  static func multiply(
    _ a: Matrix, _ b: Matrix, into out: UnsafeMutablePointer<Float>, outStride: Int? = nil,
    scale: Float = 1, adding: Bool = false
  ) {
    let (m, k) = a.transposed ? (a.columns, a.rows) : (a.rows, a.columns)
    let n = b.transposed ? b.rows : b.columns
    precondition(k == (b.transposed ? b.columns : b.rows), "inner sizes differ")
    if m == 0 || n == 0 { return }
    if k == 0 {
      if !adding {
        for row in 0..<m { (out + row * (outStride ?? n)).update(repeating: 0, count: n) }
      }
      return
    }
    if usesOneDNN {
      let done = vild_onednn_multiply(
        a.transposed ? 1 : 0, b.transposed ? 1 : 0, m, n, k, scale, a.start, a.stride,
        b.start, b.stride, adding ? 1 : 0, out, outStride ?? n)
      if done == 0 { ProcessEnd.outOfMemory(for: "a product of matrices") }
      return
    }
    _ = prepared
    cblas_sgemm(
      CblasRowMajor, a.transposed ? CblasTrans : CblasNoTrans,
      b.transposed ? CblasTrans : CblasNoTrans, blasint(m), blasint(n), blasint(k), scale, a.start,
      blasint(a.stride), b.start, blasint(b.stride), adding ? 1 : 0, out,
      blasint(outStride ?? n))
  }

  /// `out = a b` with the rows of `out` split over the cores.
  static func multiplyInParallel(
    _ a: Matrix, _ b: Matrix, into out: UnsafeMutablePointer<Float>
  ) {
    let rows = a.transposed ? a.columns : a.rows
    let columns = b.transposed ? b.rows : b.columns
    Parallel.ranges(rows, grain: 16) { range in
      multiply(a.outerRows(range), b, into: out + range.lowerBound * columns)
    }
  }

  /// `out = a' b` where both have the same, many, rows: the rows are split over the cores, and the
  /// partial products added in a fixed order.
  static func multiplyTransposed(
    _ a: Matrix, _ b: Matrix, into out: UnsafeMutablePointer<Float>
  ) {
    let size = a.columns * b.columns
    sumOverPieces(a.rows, grain: 64, into: out, count: size) { range, partial in
      multiply(a.innerRows(range).flipped, b.innerRows(range), into: partial, adding: true)
    }
  }

  /// Adds up what each piece of `0..<rows` contributes to `count` numbers; the same split and order
  /// every time, so the sum is reproducible.
  static func sumOverPieces(
    _ rows: Int, grain: Int, into out: UnsafeMutablePointer<Float>, count: Int,
    _ body: (Range<Int>, UnsafeMutablePointer<Float>) -> Void
  ) {
    out.update(repeating: 0, count: count)
    let pieces = Parallel.pieceCount(rows, grain: grain)
    if pieces <= 1 {
      if rows > 0 { body(0..<rows, out) }
      return
    }
    let partial = Tensor(zeros: [pieces - 1, count])
    withExtendedLifetime(partial.buffer) {
      let others = partial.buffer.base
      Parallel.pieces(rows, grain: grain) { piece, range in
        body(range, piece == 0 ? out : others + (piece - 1) * count)
      }
      for piece in 0..<pieces - 1 { Kernels.add(others + piece * count, to: out, count: count) }
    }
  }
}

extension Matrix {
  /// The same memory, used transposed.
  var flipped: Matrix {
    var copy = self
    copy.transposed.toggle()
    return copy
  }

  /// Rows of the memory.
  func innerRows(_ range: Range<Int>) -> Matrix {
    var copy = self
    copy.start = start + range.lowerBound * stride
    copy.rows = range.count
    return copy
  }

  /// Rows of the matrix as the product sees it.
  func outerRows(_ range: Range<Int>) -> Matrix {
    guard transposed else { return innerRows(range) }
    var copy = self
    copy.start = start + range.lowerBound
    copy.columns = range.count
    return copy
  }
}
