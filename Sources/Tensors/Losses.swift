import Foundation
import Support

/// Binary cross-entropy of `sigmoid(logits)`: the weighted sum over all elements, divided by
/// `normaliser`. PyTorch's `binary_cross_entropy_with_logits`.
///
/// - Parameters:
///   - targets: in 0...1, the shape of `logits`
///   - weights: what each element's loss is multiplied by; the shape of `logits`, or nil for 1
///   - normaliser: positive, for instance the number of sampled anchors
/// - Returns: one number
public func binaryCrossEntropyWithLogits(
  _ logits: Variable, targets: Tensor, weights: Tensor? = nil, normaliser: Float
) -> Variable {
  pointwiseLoss(
    logits, targets, weights, normaliser,
    value: { x, t in max(x, 0) - x * t + log1p(exp(-abs(x))) },
    slope: { x, t in 1 / (1 + exp(-x)) - t })
}

/// Huber loss: with d = prediction - target, d²/2 while |d| < delta, and delta (|d| - delta/2)
/// beyond; the weighted sum over all elements divided by `normaliser`.
///
/// This is PyTorch's `huber_loss`; its `smooth_l1_loss` with `beta: delta` is this divided by delta.
/// - Parameters:
///   - prediction: [R, D]
///   - rowWeights: what each row's loss is multiplied by; 1 by default
///   - normaliser: positive
/// - Returns: one number
public func huberLoss(
  _ prediction: Variable, target: Tensor, delta: Float, rowWeights: [Float]? = nil,
  normaliser: Float
) -> Variable {
  precondition(delta > 0, "delta \(delta)")
  return pointwiseLoss(
    prediction, target, tensor(rowWeights), normaliser,
    value: { x, t in
      let d = abs(x - t)
      return d < delta ? 0.5 * d * d : delta * (d - 0.5 * delta)
    },
    slope: { x, t in min(max(x - t, -delta), delta) })
}

/// The distillation loss of ViLD-image: the sum of |prediction - target| over D, averaged over the
/// regions of nonzero weight. Zero when there are none.
///
/// - Parameters:
///   - prediction: [R, D]
///   - rowWeights: what each region's loss is multiplied by, without changing the divisor; 1 by
///     default
/// - Returns: one number
public func l1Loss(
  _ prediction: Variable, target: Tensor, rowWeights: [Float]? = nil
) -> Variable {
  let regions = rowWeights.map { $0.count { $0 != 0 } } ?? prediction.shape[0]
  return pointwiseLoss(
    prediction, target, tensor(rowWeights), Float(max(1, regions)),
    value: { x, t in abs(x - t) },
    slope: { x, t in x > t ? 1 : (x < t ? -1 : x - t) })
}

private func tensor(_ weights: [Float]?) -> Tensor? { weights.map { Tensor([$0.count], $0) } }

/// `value(x, target)` of every element, summed with weights and divided by `normaliser`. Each of
/// `weights` stands for as many neighbouring elements as there are to a weight. Elements of weight
/// zero are not looked at, so that padding may hold anything.
private func pointwiseLoss(
  _ x: Variable, _ target: Tensor, _ weights: Tensor?, _ normaliser: Float,
  value: @escaping (Float, Float) -> Float, slope: @escaping (Float, Float) -> Float
) -> Variable {
  let (count, rows) = (x.value.count, weights?.count ?? x.value.count)
  precondition(target.shape == x.shape, "target \(target.shape) of \(x.shape)")
  precondition(rows > 0 ? count % rows == 0 : count == 0, "\(rows) weights for shape \(x.shape)")
  precondition(normaliser > 0, "normaliser \(normaliser)")
  let width = count / max(1, rows)

  let sum = reading(x.value, target) { x, target in
    reading(optional: weights) { weights in
      sumOfBlocks(count) { range in
        var sum = 0.0
        for i in range {
          let weight = weights?[i / width] ?? 1
          if weight != 0 { sum += Double(weight * value(x[i], target[i])) }
        }
        return sum
      }
    }
  }
  return .result(Tensor(scalar: Float(sum / Double(normaliser))), of: [x]) { dy in
    let factor = dy.scalar / normaliser
    x.accumulate(
      Tensor(x.shape) { dx in
        reading(x.value, target) { x, target in
          reading(optional: weights) { weights in
            Parallel.ranges(count, grain: 4096) { range in
              for i in range {
                let weight = weights?[i / width] ?? 1
                dx[i] = weight == 0 ? 0 : factor * weight * slope(x[i], target[i])
              }
            }
          }
        }
      })
  }
}
