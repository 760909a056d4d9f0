import Tensors

/// The last block, of which only the class token is wanted.
///
/// Its keys and values are not computed. Of a head with query q and the tokens' norms X, the logits
/// q (X Wk)' are (q Wk') X', so the query goes through the keys' weights instead of all tokens; the
/// values p (X Wv) are (p X) Wv. A bias of the keys adds the same to all logits of a query, which the
/// softmax does not see; weights that sum to one hand a bias of the values on.
///
/// Shape letters: B sequences, T tokens, H width, W width of a head.
struct FrozenLastBlock {
  private let norm: FrozenNorm
  private let query: FrozenLinear
  /// For each head, [W, H].
  private let keys: [FrozenLinear]
  /// For each head, [H, W].
  private let values: [FrozenLinear]
  private let output: FrozenLinear
  private let feedForward: FrozenFeedForward
  private let precision: Precision

  /// - Parameter rows: how many sequences usually come at a time
  init(_ block: TransformerBlock, _ precision: Precision, rows: Int) {
    norm = FrozenNorm(block.attentionNorm)
    let (weight, bias) = block.scaledQuery
    query = FrozenLinear(weight: weight, bias: bias, precision: precision, rows: rows)
    let width = weight.shape[1] / block.heads
    let (keys, values) = (block.key.weight.value.transposed, block.value.frozen)
    self.keys = (0..<block.heads).map { head in
      FrozenLinear(
        weight: keys.rows(head * width..<(head + 1) * width), bias: nil, precision: precision,
        rows: rows)
    }
    let columns = values.weight.transposed
    self.values = (0..<block.heads).map { head in
      let range = head * width..<(head + 1) * width
      return FrozenLinear(
        weight: columns.rows(range).transposed, bias: values.bias.rows(range),
        precision: precision, rows: rows)
    }
    output = block.output.packed(precision, rows: rows)
    feedForward = FrozenFeedForward(block, precision, rows: rows)
    self.precision = precision
  }

  /// [B T, H] to [B, H].
  func classTokens(_ stream: Tensor, sequences: Int) -> Tensor {
    let (width, heads) = (output.inputs, keys.count)
    let (head, normed) = (width / heads, norm(stream, precision))
    let tokens = normed.count / sequences
    let asked = query(normed.every(tokens))
    let questions = FrozenRows.sideBySide(
      keys.enumerated().map { number, key in
        key(asked.columns(number * head..<(number + 1) * head))
      })
    // Every head asks about the same columns.
    let mixtures = attention(
      FrozenColumns(questions.reshaped(width: width)), FrozenColumns(normed),
      FrozenColumns(normed), sequences: sequences, heads: 1, width: width
    ).reshaped(width: heads * width)
    let context = FrozenRows.sideBySide(
      values.enumerated().map { number, value in
        value(mixtures.columns(number * width..<(number + 1) * width))
      })
    var classTokens = FrozenRows(stream, .float32).every(tokens).tensor
    output.add(context, to: &classTokens)
    feedForward.apply(to: &classTokens)
    return classTokens
  }
}
