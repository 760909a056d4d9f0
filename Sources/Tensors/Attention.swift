import CKernels

/// Scaled dot-product attention with several heads, each on its own slice of the last axis:
/// `softmax(q k' / sqrt(dh)) v`.
///
/// - Parameters:
///   - q: [B, T, heads * dh]
///   - k: like `q`
///   - v: like `q`
///   - lengths: how many tokens of each sequence are real; the padding after them is not looked at.
///     All of them by default. A sequence without tokens gives zeros.
///   - causal: whether a token looks only at itself and those before it
/// - Returns: [B, T, heads * dh]
public func attention(
  _ q: Variable, _ k: Variable, _ v: Variable, heads: Int, lengths: [Int]? = nil,
  causal: Bool = false
) -> Variable {
  precondition(q.shape == k.shape && q.shape == v.shape, "\(q.shape), \(k.shape), \(v.shape)")
  precondition(q.shape.count == 3 && q.shape[2] % heads == 0, "\(q.shape) for \(heads) heads")
  let shape = AttentionShape(q.shape, heads: heads, lengths: lengths, causal: causal)
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
  let shape: [Int]
  let batch, tokens, width, heads, headWidth: Int
  let lengths: [Int]?
  let causal: Bool
  /// What logits are divided by.
  var scale: Float { 1 / Float(headWidth).squareRoot() }
  /// Elements of one head's matrix of probabilities.
  var square: Int { tokens * tokens }

  init(_ shape: [Int], heads: Int, lengths: [Int]?, causal: Bool) {
    self.shape = shape
    (batch, tokens, width, self.heads) = (shape[0], shape[1], shape[2], heads)
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
    let kept = keeping ? Buffer(count: batch * heads * square) : nil
    let y = Tensor(shape) { y in
      reading(q, k, v) { q, k, v in
        forEachHead { head, sequence, offset in
          let scratch = kept ?? Buffer(count: square)
          withExtendedLifetime(scratch) {
            let p = scratch.base + (kept == nil ? 0 : head * square)
            BLAS.multiply(matrix(q + offset), matrix(k + offset).flipped, into: p, scale: scale)
            for token in 0..<tokens {
              let (row, count) = (p + token * tokens, visible(to: token, of: sequence))
              if count > 0 { Rows.softmax(row, count) }
              (row + count).update(repeating: 0, count: tokens - count)
            }
            BLAS.multiply(
              Matrix(p, tokens, tokens), matrix(v + offset), into: y.baseAddress! + offset,
              outStride: width)
          }
        }
      }
    }
    return (y, kept.map { Tensor([batch, heads, tokens, tokens], buffer: $0) })
  }

  func backward(
    _ dy: Tensor, _ q: Tensor, _ k: Tensor, _ v: Tensor, _ probabilities: Tensor
  ) -> (dq: Tensor, dk: Tensor, dv: Tensor) {
    let gradients = (0..<3).map { _ in Buffer(count: batch * tokens * width) }
    let (dq, dk, dv) = (gradients[0].base, gradients[1].base, gradients[2].base)
    reading(dy, probabilities) { dy, probabilities in
      reading(q, k, v) { q, k, v in
        forEachHead { head, _, offset in
          let p = probabilities + head * square
          let up = matrix(dy + offset)
          BLAS.multiply(
            Matrix(p, tokens, tokens).flipped, up, into: dv + offset, outStride: width)
          withScratch { dp in
            BLAS.multiply(up, matrix(v + offset).flipped, into: dp)
            for token in 0..<tokens {
              let row = dp + token * tokens
              Rows.softmaxGradient(row, p + token * tokens, into: row, tokens)
            }
            let dLogits = Matrix(dp, tokens, tokens)
            BLAS.multiply(
              dLogits, matrix(k + offset), into: dq + offset, outStride: width, scale: scale)
            BLAS.multiply(
              dLogits.flipped, matrix(q + offset), into: dk + offset, outStride: width,
              scale: scale)
          }
        }
      }
    }
    let tensors = gradients.map { Tensor(shape, buffer: $0) }
    return (tensors[0], tensors[1], tensors[2])
  }

  /// One head of one sequence as a matrix.
  private func matrix(_ start: UnsafePointer<Float>) -> Matrix {
    Matrix(start, tokens, headWidth, stride: width)
  }

  private func forEachHead(_ body: (_ head: Int, _ sequence: Int, _ offset: Int) -> Void) {
    Parallel.items(batch * heads) { head in
      let (sequence, slice) = head.quotientAndRemainder(dividingBy: heads)
      body(head, sequence, sequence * tokens * width + slice * headWidth)
    }
  }

  /// Memory for one head's probabilities.
  private func withScratch(_ body: (UnsafeMutablePointer<Float>) -> Void) {
    let scratch = Buffer(count: square)
    withExtendedLifetime(scratch) { body(scratch.base) }
  }
}
