import Tensors

/// A layer norm for inference.
struct FrozenNorm {
  private let gamma, beta: Tensor
  private let epsilon: Float

  init(_ norm: LayerNorm) {
    (gamma, beta, epsilon) = (norm.weight.value, norm.bias.value, norm.epsilon)
  }

  func callAsFunction(_ x: Tensor, _ precision: Precision) -> FrozenRows {
    .layerNorm(of: x, gamma: gamma, beta: beta, epsilon: epsilon, precision)
  }
}

/// One pre-norm block for inference, every token looking at all of its sequence.
///
/// Shape letters: B sequences, T tokens, H width.
struct FrozenBlock {
  private let norm: FrozenNorm
  /// Queries, keys and values side by side.
  private let merged: FrozenLinear
  private let output: FrozenLinear
  private let feedForward: FrozenFeedForward
  private let heads: Int
  private let precision: Precision

  /// - Parameter rows: how many usually come at a time
  init(_ block: TransformerBlock, _ precision: Precision, rows: Int) {
    norm = FrozenNorm(block.attentionNorm)
    let parts = [block.scaledQuery, block.key.frozen, block.value.frozen]
    merged = FrozenLinear(
      weight: .sideBySide(parts.map(\.weight)), bias: .sideBySide(parts.map(\.bias)),
      precision: precision, rows: rows)
    output = block.output.packed(precision, rows: rows)
    feedForward = FrozenFeedForward(block, precision, rows: rows)
    (heads, self.precision) = (block.heads, precision)
  }

  /// [B T, H]
  func apply(to stream: inout Tensor, sequences: Int) {
    let (rows, width) = (merged(norm(stream, precision)), output.inputs)
    let context = attention(
      FrozenColumns(rows), FrozenColumns(rows, from: width), FrozenColumns(rows, from: 2 * width),
      sequences: sequences, heads: heads, width: width / heads)
    output.add(context, to: &stream)
    feedForward.apply(to: &stream)
  }
}

/// The feed-forward half of a block.
struct FrozenFeedForward {
  private let norm: FrozenNorm
  private let widen, narrow: FrozenLinear
  private let precision: Precision

  init(_ block: TransformerBlock, _ precision: Precision, rows: Int) {
    self.init(
      norm: block.outputNorm, widen: block.widen, narrow: block.narrow, precision, rows: rows)
  }

  init(
    norm: LayerNorm, widen: Linear, narrow: Linear, _ precision: Precision, rows: Int
  ) {
    self.norm = FrozenNorm(norm)
    self.widen = widen.packed(precision, rows: rows)
    self.narrow = narrow.packed(precision, rows: rows)
    self.precision = precision
  }

  func apply(to stream: inout Tensor) { narrow.add(widen(norm(stream, precision)), to: &stream) }
}

extension TransformerBlock {
  /// Queries divided by the square root of a head's width.
  var scaledQuery: (weight: Tensor, bias: Tensor) {
    let (weight, bias) = query.frozen
    let scale = 1 / Float(weight.shape[1] / heads).squareRoot()
    return (weight * scale, bias * scale)
  }
}

extension Linear {
  var frozen: (weight: Tensor, bias: Tensor) {
    (weight.value, bias?.value ?? Tensor(zeros: [weight.value.shape[1]]))
  }

  func packed(_ precision: Precision, rows: Int) -> FrozenLinear {
    FrozenLinear(
      weight: weight.value, bias: bias?.value, activation: activation, precision: precision,
      rows: rows)
  }
}

extension Tensor {
  /// Matrices of equally many rows, or vectors, beside one another.
  static func sideBySide(_ parts: [Tensor]) -> Tensor {
    let widths = parts.map { $0.shape[$0.shape.count - 1] }
    let width = widths.reduce(0, +)
    return Tensor(parts[0].shape.dropLast() + [width]) { out in
      var first = 0
      for (part, columns) in zip(parts, widths) {
        part.withElements { x in
          for row in 0..<x.count / columns {
            _ = out[(row * width + first)...].update(
              fromContentsOf: x[row * columns..<(row + 1) * columns])
          }
        }
        first += columns
      }
    }
  }
}
