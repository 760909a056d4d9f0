import Support
package import Tensors

/// What CLIP's residual towers have in place of a mean: the mean of a map's cells asks the cells,
/// and itself, by attention.
///
/// Letters: B images, H x W cells, C channels, D embedding width.
package struct AttentionPool: Sendable {
  /// [1 + H W, C]: the mean's, then the cells' row by row.
  package let positions: Parameter
  package let query, key, value: Linear
  /// [C, D]
  package let output: Linear
  package let heads: Int

  /// Reads `name.positional_embedding` and `name.q_proj`, `k_proj`, `v_proj` and `c_proj`.
  ///
  /// - Throws: `InputError` naming the tensor that is missing or has another shape.
  static func load(
    _ name: String, _ sizes: CLIPResNet.Configuration, from source: some TensorSource
  ) throws(InputError) -> AttentionPool {
    let channels = sizes.channels
    func linear(_ part: String, to output: Int) throws(InputError) -> Linear {
      try .load("\(name).\(part)", input: channels, output: output, from: source)
    }
    let positions = "\(name).positional_embedding"
    return AttentionPool(
      positions: Parameter(
        positions, try source.tensor(positions, shape: [1 + sizes.cells, channels]), decays: false),
      query: try linear("q_proj", to: channels), key: try linear("k_proj", to: channels),
      value: try linear("v_proj", to: channels),
      output: try linear("c_proj", to: sizes.projection), heads: sizes.heads)
  }

  /// [B, H, W, C] to [B, D].
  package func callAsFunction(_ map: Variable) -> Variable {
    let (batch, cells, channels) = (map.shape[0], map.shape[1] * map.shape[2], map.shape[3])
    let means = globalAveragePool(map)
    // All means, then all cells; each image takes its rows from there.
    let table = concatenate([means, reshape(map, [batch * cells, channels])])
    let rows = (0..<batch).flatMap { image in
      (0...cells).map { $0 == 0 ? image : batch + image * cells + $0 - 1 }
    }
    let places = (0..<batch).flatMap { _ in 0...cells }
    let tokens = add(
      gatherRows(table, rows), gatherRows(positions(on: map.tape), places))
    let asking = gatherRows(tokens, (0..<batch).map { $0 * (1 + cells) })
    func sequences(_ x: Variable, of length: Int) -> Variable {
      reshape(x, [batch, length, channels])
    }
    let context = attention(
      sequences(query(asking), of: 1), sequences(key(tokens), of: 1 + cells),
      sequences(value(tokens), of: 1 + cells), heads: heads)
    return output(reshape(context, [batch, channels]))
  }

  var parameters: [Parameter] {
    [positions] + [query, key, value, output].flatMap(\.parameters)
  }
}
