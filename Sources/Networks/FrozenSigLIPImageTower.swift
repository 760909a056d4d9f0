import Support
import Tensors

/// SigLIP's image tower for inference alone: weights packed once, products in one of two precisions,
/// norms, softmax and the stream between the blocks in float32.
///
/// Shape letters: B images, S side, P patches, H width, which is D.
struct FrozenSigLIPImageTower: ImageTower {
  private let configuration: VisionTransformer.Configuration
  private let precision: Precision
  /// [P, H]; the patches' bias is part of every row.
  private let positions: Tensor
  private let patchEmbedding: FrozenLinear
  private let blocks: [FrozenBlock]
  private let outputNorm: FrozenNorm
  private let pool: FrozenProbePool
  /// Pictures that go through the tower together: as many as make it worth fetching the weights.
  private let pass: Int

  /// - Parameter precision: must be available on this machine.
  init(_ tower: SigLIPImageTower, precision: Precision) {
    configuration = tower.configuration
    self.precision = precision
    let (width, patches) = (configuration.transformer.width, configuration.patches)
    pass = max(1, 400 / patches)
    var positions = tower.positions.value
    tower.patchBias.value.withElements { bias in
      positions.withMutableElements { for i in $0.indices { $0[i] += bias[i % width] } }
    }
    self.positions = positions
    let rows = pass * patches
    patchEmbedding = FrozenLinear(
      weight: tower.patchEmbedding.value.reshaped([-1, width]), bias: nil, precision: precision,
      rows: rows)
    blocks = tower.transformer.blocks.map { FrozenBlock($0, precision, rows: rows) }
    outputNorm = FrozenNorm(tower.outputNorm)
    pool = FrozenProbePool(tower.pool, precision, rows: pass)
  }

  var width: Int { configuration.projection }

  /// [B, S, S, 3] to [B, D]. A few pictures at a time, by all cores, or inside `Parallel` by the
  /// calling thread. An embedding does not depend on the pictures beside it.
  func embed(pixels: Tensor) -> Tensor {
    let (count, size) = (pixels.shape[0], configuration.imageSize)
    precondition(
      pixels.shape.count == 4 && pixels.shape.dropFirst() == [size, size, 3],
      "pixels \(pixels.shape) for an input of \(size)x\(size)")
    return Tensor([count, width]) { out in
      // Safe: every item writes rows of its own.
      nonisolated(unsafe) let out = out
      Parallel.items((count + pass - 1) / pass) { item in
        let pictures = item * pass..<min(count, (item + 1) * pass)
        embed(pixels, pictures).withElements {
          _ = out[(pictures.lowerBound * width)...].update(fromContentsOf: $0)
        }
      }
    }
  }

  private func embed(_ pixels: Tensor, _ pictures: Range<Int>) -> Tensor {
    var stream = patchEmbedding.float32(
      .patches(of: pixels, pictures, size: configuration.patchSize, precision))
    positions.withElements { positions in
      stream.withMutableElements { for i in $0.indices { $0[i] += positions[i % positions.count] } }
    }
    for block in blocks { block.apply(to: &stream, sequences: pictures.count) }
    return pool(outputNorm(stream, precision), sequences: pictures.count)
  }
}

/// The pool for inference alone.
///
/// The probe is the same for every picture, and so are its queries. As in `FrozenLastBlock`, they go
/// through the keys' weights instead of all patches, here once and for all, and values are taken of
/// the mixtures.
///
/// Shape letters: B sequences, P patches, H width, W width of a head.
private struct FrozenProbePool {
  /// What each head asks the patches' norms: [heads, H].
  private let questions: Tensor
  /// For each head, [H, W].
  private let values: [FrozenLinear]
  private let output: FrozenLinear
  private let feedForward: FrozenFeedForward
  private let precision: Precision

  /// - Parameter rows: how many sequences usually come at a time
  init(_ pool: ProbePool, _ precision: Precision, rows: Int) {
    let (weight, heads) = (pool.query.weight.value, pool.heads)
    let (total, width) = (weight.shape[0], weight.shape[0] / heads)
    let asked = pool.query(Variable(pool.probe.value.reshaped([1, total]))).value
    let (query, keys) = (
      (asked * (1 / Float(width).squareRoot())).reshaped([total]),
      pool.key.weight.value.transposed
    )
    questions = Tensor(
      rows: (0..<heads).map { head in
        let range = head * width..<(head + 1) * width
        return linear(
          Variable(query.rows(range).reshaped([1, width])), Variable(keys.rows(range))
        ).value
      })
    let (valueWeight, valueBias) = pool.value.frozen
    let columns = valueWeight.transposed
    values = (0..<heads).map { head in
      let range = head * width..<(head + 1) * width
      return FrozenLinear(
        weight: columns.rows(range).transposed, bias: valueBias.rows(range), precision: precision,
        rows: rows)
    }
    output = pool.output.packed(precision, rows: rows)
    feedForward = FrozenFeedForward(
      norm: pool.norm, widen: pool.widen, narrow: pool.narrow, precision, rows: rows)
    self.precision = precision
  }

  /// [B P, H] to [B, H].
  func callAsFunction(_ patches: FrozenRows, sequences: Int) -> Tensor {
    let (width, heads) = (output.inputs, values.count)
    // Every head of every sequence asks about the same columns.
    let all = Tensor(rows: Array(repeating: questions, count: sequences))
    let mixtures = attention(
      FrozenColumns(FrozenRows(all, precision)), FrozenColumns(patches), FrozenColumns(patches),
      sequences: sequences, heads: 1, width: width
    ).reshaped(width: heads * width)
    let context = FrozenRows.sideBySide(
      values.enumerated().map { number, value in
        value(mixtures.columns(number * width..<(number + 1) * width))
      })
    var answer = output.float32(context)
    feedForward.apply(to: &answer)
    return answer
  }
}
