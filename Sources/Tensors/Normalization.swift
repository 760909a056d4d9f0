import CKernels
import Support

/// Each row of the last axis divided by its Euclidean length, or by `epsilon` where that is longer.
/// PyTorch's `normalize`.
public func l2Normalize(_ x: Variable, epsilon: Float = 1e-12) -> Variable {
  let y = forEachRow(of: x.value) { x, y, width in
    let factor = 1 / max(vild_dot(x, x, width).squareRoot(), epsilon)
    for c in 0..<width { y[c] = x[c] * factor }
  }
  return .result(y, of: [x]) { dy in
    x.accumulate(
      forEachRow(of: dy, x.value) { dy, x, dx, width in
        let length = vild_dot(x, x, width).squareRoot()
        let factor = 1 / max(length, epsilon)
        // Along the row nothing changes, unless it is too short to be given unit length.
        let along = length > epsilon ? vild_dot(dy, x, width) * factor * factor : 0
        for c in 0..<width { dx[c] = (dy[c] - x[c] * along) * factor }
      })
  }
}

/// Each row of the last axis shifted to mean 0 and scaled to variance 1, then `gamma x + beta`.
///
/// - Parameters:
///   - x: [..., C]
///   - gamma: [C]
///   - beta: [C]
///   - epsilon: added to the variance; PyTorch's default is 1e-5, BERT's 1e-12
public func layerNorm(
  _ x: Variable, gamma: Variable, beta: Variable, epsilon: Float = 1e-5
) -> Variable {
  let channels = gamma.value.count
  precondition(x.shape.last == channels && beta.value.count == channels, "layerNorm of \(x.shape)")
  let rows = x.value.count / max(1, channels)
  var y = x.value
  // Each row's mean, then each row's inverse deviation.
  let statistics = Tensor([2, rows]) { statistics in
    let mean = statistics.baseAddress!
    let inverse = mean + rows
    y = Tensor(x.shape) { y in
      reading(x.value, gamma.value, beta.value) { x, gamma, beta in
        Parallel.ranges(rows, grain: 16) { range in
          let (row, offset) = (range.lowerBound, range.lowerBound * channels)
          vild_layer_norm(
            y.baseAddress! + offset, x + offset, gamma, beta, mean + row, inverse + row, epsilon,
            range.count, channels)
        }
      }
    }
  }
  return .result(y, of: [x, gamma, beta]) { dy in
    var dx = dy
    let sums = Tensor([2, channels]) { sums in
      dx = Tensor(x.shape) { dx in
        reading(dy, x.value) { dy, x in
          reading(gamma.value, statistics) { gamma, statistics in
            BLAS.sumOverPieces(rows, grain: 16, into: sums.baseAddress!, count: 2 * channels) {
              range, sums in
              let (row, offset) = (range.lowerBound, range.lowerBound * channels)
              vild_layer_norm_backward(
                dx.baseAddress! + offset, sums, sums + channels, dy + offset, x + offset, gamma,
                statistics + row, statistics + rows + row, range.count, channels)
            }
          }
        }
      }
    }
    gamma.accumulate(sums.rows(0..<1).reshaped(gamma.shape))
    beta.accumulate(sums.rows(1..<2).reshaped(beta.shape))
    x.accumulate(dx)
  }
}
