package import Tensors

/// One pre-norm block of a transformer: attention, then a feed-forward pair; each reads a norm of
/// the stream and adds to it.
///
/// Shape letters: B sequences, T tokens, Q tokens that are asked for, H width.
package struct TransformerBlock: Sendable {
  package let attentionNorm: LayerNorm
  package let query, key, value, output: Linear
  package let outputNorm: LayerNorm
  package let widen, narrow: Linear
  package let heads: Int

  /// Which tokens a token looks at.
  package enum Sight {
    /// All of its sequence.
    case everything
    /// Itself and those before it.
    case causal
  }

  /// [B, T, H] to [B, T, H].
  package func callAsFunction(_ x: Variable, _ sight: Sight) -> Variable {
    let y = attentionNorm(x)
    let context = attention(query(y), key(y), value(y), heads: heads, causal: sight == .causal)
    return feedForward(add(output(context), x))
  }

  /// The same for one token of each sequence, which saves most of the work: [B, T, H] to [B, H].
  ///
  /// - Parameter tokens: B token numbers.
  func callAsFunction(_ x: Variable, at tokens: [Int], _ sight: Sight) -> Variable {
    let (batch, count, width) = (x.shape[0], x.shape[1], x.shape[2])
    let rows = tokens.enumerated().map { $0 * count + $1 }
    let y = attentionNorm(x)
    func asked(_ x: Variable) -> Variable {
      gatherRows(reshape(x, [batch * count, width]), rows)
    }
    let context = attention(
      reshape(query(asked(y)), [batch, 1, width]), key(y), value(y), heads: heads,
      lengths: sight == .causal ? tokens.map { $0 + 1 } : nil)
    return feedForward(add(output(reshape(context, [batch, width])), asked(x)))
  }

  private func feedForward(_ x: Variable) -> Variable { add(narrow(widen(outputNorm(x))), x) }

  /// All of them, under the checkpoint's names.
  var parameters: [Parameter] {
    [query, key, value, output, widen, narrow].flatMap(\.parameters)
      + attentionNorm.parameters + outputNorm.parameters
  }
}
