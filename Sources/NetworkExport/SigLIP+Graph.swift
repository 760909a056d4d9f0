import Networks
import ONNX
import Tensors

/// SigLIP's towers as nodes.
extension SigLIPImageTower: GraphTower {
  func embed(_ pixels: GraphValue, side: Int) -> GraphValue {
    let graph = pixels.graph
    let width = configuration.transformer.width
    let cells = pixels.convolved(
      patchEmbedding, bias: (patchBias.name, patchBias.value), stride: configuration.patchSize,
      padding: .fixed(0)
    ).reshaped([0, width, -1]).transposed([0, 2, 1])
    let stream = cells + graph.weight(positions.name, positions.value)
    return pool(outputNorm(transformer(stream, .everything)))
  }
}

extension ProbePool {
  /// [B, P, H] to [B, H].
  fileprivate func callAsFunction(_ patches: GraphValue) -> GraphValue {
    let graph = patches.graph
    let width = probe.value.count
    let row = graph.weight(probe.name, probe.value, shape: [1, 1, width]) { $0 }
    let shape = [patches.size(0).expanded([0]), graph.integers([1, width])].joined(axis: 0)
    let asking = graph("Expand", row, shape)
    let context = attention(
      query.ofRows(asking), key.ofRows(patches), value.ofRows(patches), heads: heads)
    let answer = output.ofRows(context.squeezed([1]))
    return narrow.ofRows(widen.ofRows(norm(answer))) + answer
  }
}

extension SigLIPTextTransformer {
  /// [B, T] to [B, D].
  func callAsFunction(_ tokens: GraphValue) -> GraphValue {
    let graph = tokens.graph
    let words = graph.weight(words.name, words.value).gathered(at: tokens)
    let stream = words + graph.weight(positions.name, positions.value)
    let last = transformer(stream, .everything)
      .gathered(at: graph.integer(configuration.positions - 1), axis: 1)
    return head.ofRows(outputNorm(last))
  }
}
