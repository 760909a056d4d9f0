import CKernels
import Support

/// What batch normalisation in training gives.
public struct BatchNormResult {
  /// The shape of the input.
  public let output: Variable
  /// The batch's mean of each channel, [C]; zeros for an empty batch.
  public let mean: Tensor
  /// The batch's variance of each channel, [C], divided by the number of cells n: what the output
  /// was scaled by.
  public let variance: Tensor
  /// The same divided by n - 1, [C]: what PyTorch keeps a running average of.
  public let unbiasedVariance: Tensor
}

/// Batch normalisation in training: each channel shifted to mean 0 and scaled to variance 1 over all
/// other axes of the batch, then `gamma x + beta`.
///
/// - Parameters:
///   - x: [..., C]
///   - gamma: [C]
///   - beta: [C]
///   - epsilon: added to the variance
public func batchNorm(
  _ x: Variable, gamma: Variable, beta: Variable, epsilon: Float = 1e-5
) -> BatchNormResult {
  let norm = ChannelNorm(x.value, gamma.value)
  let mean = norm.sums { sum, x, rows in vild_sum_rows(sum, x, rows, norm.channels) } / norm.rows
  let squares = reading(mean) { mean in
    norm.sums { sum, x, rows in vild_sum_squares(sum, x, mean, rows, norm.channels) }
  }
  let variance = squares / norm.rows
  let inverse = inverseDeviation(variance, epsilon)
  let y = norm.apply(mean, inverse, gamma.value, beta.value)
  let output = Variable.result(y, of: [x, gamma, beta]) { dy in
    let (dgamma, dbeta) = norm.backwardAffine(dy, mean, inverse)
    gamma.accumulate(dgamma.reshaped(gamma.shape))
    beta.accumulate(dbeta.reshaped(beta.shape))
    x.accumulate(norm.backwardInput(dy, mean, inverse, gamma.value, dgamma, dbeta))
  }
  return BatchNormResult(
    output: output, mean: mean, variance: variance, unbiasedVariance: squares / (norm.rows - 1))
}

/// Batch normalisation with known statistics, as in inference or frozen in training:
/// `gamma (x - mean) / sqrt(variance + epsilon) + beta`.
///
/// - Parameters:
///   - x: [..., C]
///   - gamma: [C]
///   - beta: [C]
///   - mean: [C]
///   - variance: [C]
///   - epsilon: added to the variance
public func batchNormFrozen(
  _ x: Variable, gamma: Variable, beta: Variable, mean: Tensor, variance: Tensor,
  epsilon: Float = 1e-5
) -> Variable {
  let norm = ChannelNorm(x.value, gamma.value)
  let inverse = inverseDeviation(variance, epsilon)
  let y = norm.apply(mean, inverse, gamma.value, beta.value)
  return .result(y, of: [x, gamma, beta]) { dy in
    if gamma.needsGradient || beta.needsGradient {
      let (dgamma, dbeta) = norm.backwardAffine(dy, mean, inverse)
      gamma.accumulate(dgamma.reshaped(gamma.shape))
      beta.accumulate(dbeta.reshaped(beta.shape))
    }
    x.accumulate(norm.backwardInput(dy, mean, inverse, gamma.value, nil, nil))
  }
}

private func inverseDeviation(_ variance: Tensor, _ epsilon: Float) -> Tensor {
  Tensor(variance.shape, variance.array.map { 1 / ($0 + epsilon).squareRoot() })
}

/// Channels as columns, everything else as rows.
private struct ChannelNorm {
  let x: Tensor
  let rows, channels: Int

  init(_ x: Tensor, _ gamma: Tensor) {
    precondition(x.shape.last == gamma.count, "\(gamma.count) factors for shape \(x.shape)")
    self.x = x
    channels = gamma.count
    rows = x.count / max(1, channels)
  }

  /// A sum over all rows for each channel; added up in blocks, so that long sums stay precise.
  func sums(
    _ body: (
      _ sum: UnsafeMutablePointer<Float>, _ x: UnsafePointer<Float>, _ rows: Int
    ) -> Void
  ) -> Tensor {
    let block = 512
    let blocks = (rows + block - 1) / block
    let partial = Tensor([blocks, channels]) { partial in
      partial.initialize(repeating: 0)
      reading(x) { x in
        Parallel.ranges(blocks) { range in
          for b in range {
            body(
              partial.baseAddress! + b * channels, x + b * block * channels,
              min(block, rows - b * block))
          }
        }
      }
    }
    return Kernels.columnSums(partial, channels: channels)
  }

  func apply(_ mean: Tensor, _ inverse: Tensor, _ gamma: Tensor, _ beta: Tensor) -> Tensor {
    let scale = zip(inverse.array, gamma.array).map { $0 * $1 }
    let shift = zip(zip(mean.array, scale), beta.array).map { $1 - $0.0 * $0.1 }
    return Tensor(x.shape) { y in
      reading(x) { x in
        Parallel.ranges(rows, grain: 64) { range in
          let offset = range.lowerBound * channels
          vild_affine(y.baseAddress! + offset, x + offset, scale, shift, range.count, channels)
        }
      }
    }
  }

  func backwardAffine(
    _ dy: Tensor, _ mean: Tensor, _ inverse: Tensor
  ) -> (dgamma: Tensor, dbeta: Tensor) {
    let products = reading(x, dy, mean) { x, dy, mean in
      sums { sum, start, rows in
        vild_sum_products(sum, dy + (start - x), start, mean, rows, channels)
      }
    }
    let dgamma = Tensor([channels], zip(products.array, inverse.array).map { $0 * $1 })
    let dbeta = ChannelNorm(dy, mean).sums { vild_sum_rows($0, $1, $2, channels) }
    return (dgamma, dbeta)
  }

  /// With `dgamma` and `dbeta`, the gradient also through the batch's own mean and variance.
  func backwardInput(
    _ dy: Tensor, _ mean: Tensor, _ inverse: Tensor, _ gamma: Tensor, _ dgamma: Tensor?,
    _ dbeta: Tensor?
  ) -> Tensor {
    let scale = zip(gamma.array, inverse.array).map { $0 * $1 }
    let n = Float(max(1, rows))
    var (ofX, constant) = (
      [Float](repeating: 0, count: channels), [Float](repeating: 0, count: channels)
    )
    if let dgamma = dgamma?.array, let dbeta = dbeta?.array {
      let inverse = inverse.array
      for c in 0..<channels {
        ofX[c] = -scale[c] * inverse[c] * dgamma[c] / n
        constant[c] = -scale[c] * dbeta[c] / n
      }
    }
    return Tensor(x.shape) { dx in
      reading(x, dy, mean) { x, dy, mean in
        Parallel.ranges(rows, grain: 64) { range in
          let offset = range.lowerBound * channels
          vild_batch_norm_backward(
            dx.baseAddress! + offset, dy + offset, x + offset, mean, scale, ofX, constant,
            range.count, channels)
        }
      }
    }
  }
}

extension Tensor {
  /// Every element divided by a count, or unchanged where there is nothing to divide by.
  fileprivate static func / (a: Tensor, count: Int) -> Tensor { a * (1 / Float(max(1, count))) }
}
