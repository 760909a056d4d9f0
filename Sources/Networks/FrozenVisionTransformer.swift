public import Tensors

/// A vision transformer for inference alone: weights packed once, products in one of two precisions,
/// norms, softmax and the stream between the blocks in float32.
///
/// Shape letters: B images, S side, P patches, T = 1 + P tokens, H width, D embedding width.
public struct FrozenVisionTransformer: ImageTower {
  private let configuration: VisionTransformer.Configuration
  private let precision: Precision
  /// [T, H]; the class token is part of the first row.
  private let positions: Tensor
  private let patchEmbedding: FrozenLinear
  private let inputNorm: FrozenNorm
  private let blocks: [FrozenBlock]
  /// Of the class token; the projection is in float32.
  private let outputNorm: FrozenNorm
  private let projection: FrozenLinear

  /// Packs the weights of `tower`, which is not needed any more afterwards.
  ///
  /// - Parameter precision: must be available on this machine.
  public init(_ tower: VisionTransformer, precision: Precision) {
    configuration = tower.configuration
    self.precision = precision
    let sizes = configuration.transformer
    let pictures = Self.pictures(configuration)
    let rows = pictures * (1 + configuration.patches)
    var positions = tower.positions.value
    tower.classToken.value.withElements { token in
      positions.withMutableElements { for i in 0..<sizes.width { $0[i] += token[i] } }
    }
    self.positions = positions
    patchEmbedding = FrozenLinear(
      weight: tower.patchEmbedding.value.reshaped([-1, sizes.width]), bias: nil,
      precision: precision, rows: rows)
    inputNorm = FrozenNorm(tower.inputNorm)
    let last = tower.transformer.blocks.count - 1
    blocks = tower.transformer.blocks.enumerated().map { number, block in
      FrozenBlock(block, precision, isLast: number == last, rows: rows, pictures: pictures)
    }
    outputNorm = FrozenNorm(tower.outputNorm)
    projection = FrozenLinear(
      weight: tower.projection.weight.value, bias: nil, precision: .float32, rows: pictures)
  }

  /// D
  public var width: Int { configuration.projection }

  /// How many pictures go through the tower together: as many as keep the activations in the cache
  /// and the weights worth fetching.
  private static func pictures(_ configuration: VisionTransformer.Configuration) -> Int {
    max(1, 400 / (1 + configuration.patches))
  }

  /// [B, S, S, 3] to [B, D]. A few pictures at a time, by all cores, or inside `Parallel` by the
  /// calling thread.
  public func embed(pixels: Tensor) -> Tensor {
    let (count, size) = (pixels.shape[0], configuration.imageSize)
    precondition(
      pixels.shape.count == 4 && pixels.shape.dropFirst() == [size, size, 3],
      "pixels \(pixels.shape) for an input of \(size)x\(size)")
    let together = Self.pictures(configuration)
    return Tensor([count, width]) { out in
      // Safe: every item writes rows of its own.
      nonisolated(unsafe) let out = out
      Parallel.items((count + together - 1) / together) { item in
        let pictures = item * together..<min(count, (item + 1) * together)
        embed(pixels, pictures).withElements {
          _ = out[(pictures.lowerBound * width)...].update(fromContentsOf: $0)
        }
      }
    }
  }

  private func embed(_ pixels: Tensor, _ pictures: Range<Int>) -> Tensor {
    var stream = tokens(pixels, pictures)
    for block in blocks { block.apply(to: &stream, sequences: pictures.count) }
    return projection.float32(outputNorm(stream, .float32))
  }

  /// What enters the first block: [B T, H].
  private func tokens(_ pixels: Tensor, _ pictures: Range<Int>) -> Tensor {
    let cells = patchEmbedding.float32(
      .patches(of: pixels, pictures, size: configuration.patchSize, precision))
    let (width, patches) = (configuration.transformer.width, configuration.patches)
    let image = patches * width
    let sum = Tensor([pictures.count * (1 + patches), width]) { out in
      positions.withElements { positions in
        cells.withElements { cells in
          for picture in 0..<pictures.count {
            let first = picture * (image + width)
            for i in 0..<width { out[first + i] = positions[i] }
            for i in 0..<image {
              out[first + width + i] = positions[width + i] + cells[picture * image + i]
            }
          }
        }
      }
    }
    return inputNorm(sum, .float32).tensor
  }
}

/// A layer norm for inference.
private struct FrozenNorm {
  let gamma, beta: Tensor
  let epsilon: Float

  init(_ norm: LayerNorm) {
    (gamma, beta, epsilon) = (norm.weight.value, norm.bias.value, norm.epsilon)
  }

  func callAsFunction(_ x: Tensor, _ precision: Precision) -> FrozenRows {
    .layerNorm(of: x, gamma: gamma, beta: beta, epsilon: epsilon, precision)
  }
}

/// One pre-norm block for inference. Of the last one only the class token is wanted.
private struct FrozenBlock {
  let attentionNorm, outputNorm: FrozenNorm
  /// Queries, keys and values at once; in the last block the queries by themselves.
  let query: FrozenLinear?
  let merged: FrozenLinear
  let output, widen, narrow: FrozenLinear
  let heads: Int
  let precision: Precision

  init(
    _ block: TransformerBlock, _ precision: Precision, isLast: Bool, rows: Int, pictures: Int
  ) {
    attentionNorm = FrozenNorm(block.attentionNorm)
    outputNorm = FrozenNorm(block.outputNorm)
    (heads, self.precision) = (block.heads, precision)
    let asked = isLast ? pictures : rows
    func frozen(
      _ linear: Linear..., scale: [Float] = [1], activation: Activation = .identity, rows: Int
    ) -> FrozenLinear {
      FrozenLinear(
        weight: .columns(linear.map(\.weight.value), scale: scale),
        bias: .columns(linear.map { $0.bias!.value }, scale: scale), activation: activation,
        precision: precision, rows: rows)
    }
    // Logits are divided by the square root of a head's width.
    let scale = 1 / Float(block.query.weight.value.shape[1] / block.heads).squareRoot()
    if isLast {
      query = frozen(block.query, scale: [scale], rows: asked)
      merged = frozen(block.key, block.value, scale: [1, 1], rows: rows)
    } else {
      query = nil
      merged = frozen(block.query, block.key, block.value, scale: [scale, 1, 1], rows: rows)
    }
    output = frozen(block.output, rows: asked)
    widen = frozen(block.widen, activation: block.widen.activation, rows: asked)
    narrow = frozen(block.narrow, rows: asked)
  }

  /// [B T, H] to the same, or [B, H] by the last block.
  func apply(to stream: inout Tensor, sequences: Int) {
    let width = output.inputs
    let normed = attentionNorm(stream, precision)
    let rows = merged(normed)
    let context: FrozenRows
    if let query {
      let tokens = normed.count / sequences
      context = attention(
        query(normed.every(tokens)), rows, width: width, sequences: sequences, heads: heads)
      stream = FrozenRows(stream, .float32).every(tokens).tensor
    } else {
      context = attention(rows, rows, width: width, sequences: sequences, heads: heads)
    }
    output.add(context, to: &stream)
    narrow.add(widen(outputNorm(stream, precision)), to: &stream)
  }
}

extension Tensor {
  /// Matrices, or vectors, side by side, each times its number.
  fileprivate static func columns(_ parts: [Tensor], scale: [Float]) -> Tensor {
    let widths = parts.map { $0.shape[$0.shape.count - 1] }
    let width = widths.reduce(0, +)
    return Tensor(parts[0].shape.dropLast() + [width]) { out in
      var first = 0
      for (part, (factor, columns)) in zip(parts, zip(scale, widths)) {
        part.withElements { x in
          for i in 0..<x.count { out[i / columns * width + first + i % columns] = factor * x[i] }
        }
        first += columns
      }
    }
  }
}
