import CKernels
import Support

/// Scaled dot-product attention with several heads, each on its own slice of the last axis:
/// `softmax(q k' / sqrt(dh)) v`.
///
/// - Parameters:
///   - q: [B, Q, heads * dh]
///   - k: [B, T, heads * dh]
///   - v: like `k`
///   - lengths: how many tokens of each sequence are real; the padding after them is not looked at.
///     All of them by default. A sequence without tokens gives zeros.
///   - causal: whether a token looks only at itself and those before it; Q is then T
/// - Returns: [B, Q, heads * dh]
public func attention(
  _ q: Variable, _ k: Variable, _ v: Variable, heads: Int, lengths: [Int]? = nil,
  causal: Bool = false
) -> Variable {
  precondition(
    q.shape.count == 3 && k.shape == [q.shape[0], k.shape[1], q.shape[2]] && k.shape == v.shape,
    "\(q.shape), \(k.shape), \(v.shape)")
  precondition(q.shape[2] % heads == 0, "\(q.shape) for \(heads) heads")
  precondition(!causal || q.shape == k.shape, "causal attention of \(q.shape) to \(k.shape)")
  let shape = AttentionShape(
    k.shape, queries: q.shape[1], heads: heads, lengths: lengths, causal: causal)
  let isRecorded = [q, k, v].contains(where: \.needsGradient)
  let (y, probabilities) = shape.forward(q.value, k.value, v.value, keeping: isRecorded)
  return .result(y, of: [q, k, v]) { dy in
    let (dq, dk, dv) = shape.backward(dy, q.value, k.value, v.value, probabilities!)
    q.accumulate(dq)
    k.accumulate(dk)
    v.accumulate(dv)
  }
}

private struct AttentionShape {
  let batch, queries, tokens, width, heads, headWidth: Int
  let lengths: [Int]?
  let causal: Bool
  /// What logits are divided by.
  var scale: Float { 1 / Float(headWidth).squareRoot() }
  /// Elements of one head's matrix of probabilities.
  var matrixSize: Int { queries * tokens }

  init(_ shape: [Int], queries: Int, heads: Int, lengths: [Int]?, causal: Bool) {
    (batch, tokens, width, self.heads) = (shape[0], shape[1], shape[2], heads)
    self.queries = queries
    headWidth = width / heads
    (self.lengths, self.causal) = (lengths, causal)
    let tokens = tokens
    precondition(
      lengths == nil || lengths!.count == batch, "\(lengths!.count) lengths for \(shape)")
    precondition(lengths?.allSatisfy { 0...tokens ~= $0 } != false, "a length beyond \(tokens)")
  }

  /// How many tokens, from the first, a token looks at.
  func visible(to token: Int, of sequence: Int) -> Int {
    min(lengths?[sequence] ?? tokens, causal ? token + 1 : tokens)
  }

  func forward(
    _ q: Tensor, _ k: Tensor, _ v: Tensor, keeping: Bool
  ) -> (y: Tensor, probabilities: Tensor?) {
    let kept = keeping ? Buffer(count: batch * heads * matrixSize) : nil
    let y = Tensor([batch, queries, width]) { y in
      reading(q, k, v) { q, k, v in
        forEachHead { head, sequence, asked, seen in
          let scratch = kept ?? Buffer(count: matrixSize)
          withExtendedLifetime(scratch) {
            let p = scratch.base + (kept == nil ? 0 : head * matrixSize)
            BLAS.multiply(
              matrix(q + asked, queries), matrix(k + seen, tokens).flipped, into: p, scale: scale)
            for token in 0..<queries {
              let (row, count) = (p + token * tokens, visible(to: token, of: sequence))
              if count > 0 { Rows.softmax(row, count) }
              (row + count).update(repeating: 0, count: tokens - count)
            }
            BLAS.multiply(
              Matrix(p, queries, tokens), matrix(v + seen, tokens), into: y.baseAddress! + asked,
              outStride: width)
          }
        }
      }
    }
    return (y, kept.map { Tensor([batch, heads, queries, tokens], buffer: $0) })
  }

  func backward(
    _ dy: Tensor, _ q: Tensor, _ k: Tensor, _ v: Tensor, _ probabilities: Tensor
  ) -> (dq: Tensor, dk: Tensor, dv: Tensor) {
    let gradients = [queries, tokens, tokens].map { Buffer(count: batch * $0 * width) }
    let (dq, dk, dv) = (gradients[0].base, gradients[1].base, gradients[2].base)
    reading(dy, probabilities) { dy, probabilities in
      reading(q, k, v) { q, k, v in
        forEachHead { head, _, asked, seen in
          let p = probabilities + head * matrixSize
          let up = matrix(dy + asked, queries)
          BLAS.multiply(
            Matrix(p, queries, tokens).flipped, up, into: dv + seen, outStride: width)
          withScratch { dp in
            BLAS.multiply(up, matrix(v + seen, tokens).flipped, into: dp)
            for token in 0..<queries {
              let row = dp + token * tokens
              Rows.softmaxGradient(row, p + token * tokens, into: row, tokens)
            }
            let dLogits = Matrix(dp, queries, tokens)
            BLAS.multiply(
              dLogits, matrix(k + seen, tokens), into: dq + asked, outStride: width, scale: scale)
            BLAS.multiply(
              dLogits.flipped, matrix(q + asked, queries), into: dk + seen, outStride: width,
              scale: scale)
          }
        }
      }
    }
    let tensors = zip([queries, tokens, tokens], gradients).map {
      Tensor([batch, $0, width], buffer: $1)
    }
    return (tensors[0], tensors[1], tensors[2])
  }

  /// One head of one sequence as a matrix.
  private func matrix(_ start: UnsafePointer<Float>, _ rows: Int) -> Matrix {
    Matrix(start, rows, headWidth, stride: width)
  }

  /// Tells where the head begins in the queries and in the keys.
  private func forEachHead(
    _ body: (_ head: Int, _ sequence: Int, _ asked: Int, _ seen: Int) -> Void
  ) {
    Parallel.items(batch * heads) { head in
      let (sequence, slice) = head.quotientAndRemainder(dividingBy: heads)
      let column = slice * headWidth
      body(
        head, sequence, sequence * queries * width + column, sequence * tokens * width + column)
    }
  }

  /// Memory for one head's probabilities.
  private func withScratch(_ body: (UnsafeMutablePointer<Float>) -> Void) {
    let scratch = Buffer(count: matrixSize)
    withExtendedLifetime(scratch) { body(scratch.base) }
  }
}
