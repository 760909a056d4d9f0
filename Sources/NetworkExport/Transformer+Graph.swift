import Networks
import ONNX
import Tensors

/// Pre-norm transformers as nodes: streams are [B, T, H].
extension LayerNorm {
  func callAsFunction(_ x: GraphValue) -> GraphValue {
    x.graph(
      "LayerNormalization", x, x.graph.weight(weight.name, weight.value),
      x.graph.weight(bias.name, bias.value), with: ["axis": -1, "epsilon": .float(epsilon)])
  }
}

extension Transformer {
  /// What the last block gives of all tokens.
  func callAsFunction(_ x: GraphValue, _ sight: TransformerBlock.Sight) -> GraphValue {
    let mask = sight == .causal ? x.causalMask : nil
    return blocks.reduce(x) { $1($0, mask) }
  }
}

extension TransformerBlock {
  /// - Parameter mask: [T, T], added to the products of queries and keys.
  fileprivate func callAsFunction(_ x: GraphValue, _ mask: GraphValue?) -> GraphValue {
    let y = attentionNorm(x)
    let context = attention(query.ofRows(y), key.ofRows(y), value.ofRows(y), heads: heads, mask)
    let seen = output.ofRows(context) + x
    return narrow.ofRows(widen.ofRows(outputNorm(seen))) + seen
  }
}

/// What Q tokens see of T: [B, Q, H] of queries [B, Q, H], keys and values [B, T, H].
///
/// - Parameter mask: [Q, T], added to the products of queries and keys.
func attention(
  _ query: GraphValue, _ key: GraphValue, _ value: GraphValue, heads: Int,
  _ mask: GraphValue? = nil
) -> GraphValue {
  let graph = query.graph
  func split(_ x: GraphValue, _ order: [Int]) -> GraphValue {
    x.reshaped([0, 0, heads, -1]).transposed(order)
  }
  let keys = split(key, [0, 2, 3, 1])
  let root = graph("Sqrt", keys.size(2).cast(to: .float32)).asWeights
  let products = graph("MatMul", split(query, [0, 2, 1, 3]), keys) / root
  let shares = graph("Softmax", mask.map { products + $0 } ?? products, with: ["axis": -1])
  return graph("MatMul", shares, split(value, [0, 2, 1, 3])).transposed([0, 2, 1, 3])
    .reshaped([0, 0, -1])
}

extension GraphValue {
  /// [T, T] of a stream: 0 where a token looks at itself and those before it, else minus infinity.
  fileprivate var causalMask: GraphValue {
    let numbers = graph("Range", graph.integer(0), size(1), graph.integer(1))
    let isLater = numbers.expanded([0]) > numbers.expanded([1])
    return graph("Where", isLater, graph.float(-.infinity), graph.float(0)).asWeights
  }
}
