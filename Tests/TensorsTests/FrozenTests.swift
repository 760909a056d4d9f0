import Tensors
import Testing

/// The pieces of frozen towers against the operations they stand for.
@Suite struct FrozenTests {
  /// Inputs whose strides alias in the cache are copied together first: 512 and 1024.
  @Test(arguments: [(1, 5, 7), (50, 64, 192), (97, 33, 31), (131, 512, 40), (200, 1024, 64)])
  func linearIsLinear(rows: Int, inputs: Int, outputs: Int) {
    let (x, weight) = (
      Tensor.random([rows, inputs], seed: 1),
      Tensor.random([inputs, outputs], seed: 2, deviation: 1 / Float(inputs).squareRoot())
    )
    let (bias, stream) = (
      Tensor.random([outputs], seed: 3), Tensor.random([rows, outputs], seed: 4)
    )
    for activation in [Activation.identity, .quickGELU, .gelu, .tanhGELU, .relu] {
      let exact = linear(
        Variable(x), Variable(weight), bias: Variable(bias), activation: activation
      ).value
      for precision in Precision.allCases where isHere(precision) {
        let layer = FrozenLinear(
          weight: weight, bias: bias, activation: activation, precision: precision, rows: 100)
        let tolerance: Float = precision == .float32 ? 2e-5 : 3e-2
        let given = FrozenRows(x, precision)
        expectClose(layer(given).tensor, exact, tolerance: tolerance, "\(precision) \(activation)")
        expectClose(layer.float32(given), exact, tolerance: tolerance)
        if activation == .identity {
          var sum = stream
          layer.add(given, to: &sum)
          expectClose(sum, stream + exact, tolerance: tolerance)
        }
      }
    }
  }

  /// Odd numbers of tokens, head widths with and without a tail, one query and all.
  @Test(arguments: [
    (tokens: 1, head: 16, heads: 1), (tokens: 5, head: 20, heads: 3),
    (tokens: 33, head: 64, heads: 2), (tokens: 50, head: 80, heads: 2),
    (tokens: 197, head: 64, heads: 1), (tokens: 77, head: 17, heads: 2),
  ])
  func attentionIsAttention(tokens: Int, head: Int, heads: Int) {
    let width = head * heads
    func part(_ seed: UInt64) -> Tensor { .random([2, tokens, width], seed: seed, deviation: 1.5) }
    let (q, k, v) = (part(1), part(2), part(3))
    let scaled = q * (1 / Float(head).squareRoot())
    for precision in Precision.allCases {
      // What was rounded is rounded in both.
      func rounded(_ x: Tensor) -> Tensor { FrozenRows(x, precision).tensor.reshaped(x.shape) }
      let exact = attention(
        Variable(rounded(scaled) * Float(head).squareRoot()), Variable(rounded(k)),
        Variable(rounded(v)), heads: heads
      ).value
      let tolerance: Float = precision == .float32 ? 1e-5 : 1e-2
      let merged = FrozenRows(.sideBySide([scaled, k, v]), precision)
      let all = attention(
        FrozenColumns(merged), FrozenColumns(merged, from: width),
        FrozenColumns(merged, from: 2 * width), sequences: 2, heads: heads, width: head)
      expectClose(all.tensor.reshaped(q.shape), exact, tolerance: tolerance, "all")
      let one = attention(
        FrozenColumns(FrozenRows(scaled, precision).every(tokens)),
        FrozenColumns(merged, from: width), FrozenColumns(merged, from: 2 * width), sequences: 2,
        heads: heads, width: head)
      #expect(one.tensor.array == all.every(tokens).tensor.array)
    }
  }

  /// One logit so large that all others' weights vanish: its value, exactly.
  @Test func attentionToOneToken() {
    var keys = Tensor(zeros: [40, 16])
    keys.withMutableElements { $0[23 * 16] = 1 }
    var queries = Tensor(zeros: [40, 16])
    queries.withMutableElements { for t in 0..<40 { $0[t * 16] = 1e4 } }
    let values = Tensor.random([40, 16], seed: 5)
    let rows = FrozenRows(.sideBySide([queries, keys, values]), .float32)
    let out = attention(
      FrozenColumns(rows), FrozenColumns(rows, from: 16), FrozenColumns(rows, from: 32),
      sequences: 1, heads: 1, width: 16
    ).tensor
    for token in [0, 39] {
      #expect(out.rows(token..<token + 1).array == values.rows(23..<24).array)
    }
  }

  @Test func layerNormIsLayerNorm() {
    let (gamma, beta) = (Tensor.random([37], seed: 2), Tensor.random([37], seed: 3))
    let x = Tensor.random([9, 37], seed: 1)
    let exact = layerNorm(Variable(x), gamma: Variable(gamma), beta: Variable(beta), epsilon: 1e-5)
    for precision in Precision.allCases {
      let got = FrozenRows.layerNorm(of: x, gamma: gamma, beta: beta, epsilon: 1e-5, precision)
      let expected = FrozenRows(exact.value, precision)
      #expect(got.tensor.array == expected.tensor.array)
    }
  }

  /// Pictures of 5 x 5: patches of 2 x 2 leave out the last row and column.
  @Test func patches() {
    let pixels = Tensor([2, 5, 5, 1], (0..<50).map(Float.init))
    for precision in Precision.allCases {
      let second = FrozenRows.patches(of: pixels, 1..<2, size: 2, precision)
      #expect(
        second.tensor.array == [
          25, 26, 30, 31, 27, 28, 32, 33, 35, 36, 40, 41, 37, 38, 42, 43,
        ])
    }
  }

  private func isHere(_ precision: Precision) -> Bool {
    (try? precision.requireAvailable()) != nil
  }
}

extension Tensor {
  /// [..., C] each, as rows of all their columns.
  fileprivate static func sideBySide(_ parts: [Tensor]) -> Tensor {
    let width = parts[0].shape.last!
    return Tensor(
      [parts[0].count / width, width * parts.count],
      (0..<parts[0].count / width).flatMap { row in
        parts.flatMap { $0.array[row * width..<(row + 1) * width] }
      })
  }
}
