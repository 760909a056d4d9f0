import Support
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
  private let lastBlock: FrozenLastBlock
  /// Of the class token; the projection is in float32.
  private let outputNorm: FrozenNorm
  private let projection: FrozenLinear

  /// Packs the weights of `tower`, which is not needed any more afterwards.
  ///
  /// - Parameter precision: must be available on this machine.
  public init(_ tower: VisionTransformer, precision: Precision) {
    configuration = tower.configuration
    self.precision = precision
    let (width, tokens) = (configuration.transformer.width, 1 + configuration.patches)
    pass = max(1, 400 / tokens)
    var positions = tower.positions.value
    tower.classToken.value.withElements { token in
      positions.withMutableElements { for i in 0..<width { $0[i] += token[i] } }
    }
    self.positions = positions
    patchEmbedding = FrozenLinear(
      weight: tower.patchEmbedding.value.reshaped([-1, width]), bias: nil, precision: precision,
      rows: pass * configuration.patches)
    inputNorm = FrozenNorm(tower.inputNorm)
    let all = tower.transformer.blocks
    let rows = pass * tokens
    blocks = all.dropLast().map { FrozenBlock($0, precision, rows: rows) }
    lastBlock = FrozenLastBlock(all[all.count - 1], precision, rows: pass)
    outputNorm = FrozenNorm(tower.outputNorm)
    projection = FrozenLinear(
      weight: tower.projection.weight.value, bias: nil, precision: .float32, rows: pass)
  }

  /// Pictures that go through the tower together: as many as make it worth fetching the weights.
  private let pass: Int

  /// D
  public var width: Int { configuration.projection }

  /// [B, S, S, 3] to [B, D]. A few pictures at a time, by all cores, or inside `Parallel` by the
  /// calling thread. An embedding does not depend on the pictures beside it.
  public func embed(pixels: Tensor) -> Tensor {
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
    var stream = tokens(pixels, pictures)
    for block in blocks { block.apply(to: &stream, sequences: pictures.count) }
    let classTokens = lastBlock.classTokens(stream, sequences: pictures.count)
    return projection.float32(outputNorm(classTokens, .float32))
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
