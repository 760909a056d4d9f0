import CKernels
import Foundation
import Support

/// Softmax cross-entropy, averaged over the rows that count: those with a label and a nonzero
/// weight (TensorFlow's SUM_BY_NONZERO_WEIGHTS). Zero when there are none.
///
/// - Parameters:
///   - logits: [R, C]
///   - labels: the right column of each row; -1 leaves the row out
///   - weights: what each row's loss is multiplied by, without changing the divisor; 1 by default
///   - masked: columns that take no part, as if their logit were minus infinity; no row may have
///     one as its label
/// - Returns: one number
public func crossEntropy(
  _ logits: Variable, labels: [Int], weights: [Float]? = nil, masked: [Bool]? = nil
) -> Variable {
  let (rows, columns) = (logits.shape[0], logits.value.count / max(1, logits.shape[0]))
  precondition(labels.count == rows, "\(labels.count) labels for \(rows) rows")
  precondition(weights == nil || weights!.count == rows, "\(weights!.count) weights, \(rows) rows")
  precondition(masked == nil || masked!.count == columns, "\(masked!.count) of \(columns) columns")
  for label in labels where label != -1 {
    precondition(label >= 0 && label < columns, "label \(label) of \(columns) columns")
    precondition(masked?[label] != true, "label \(label) is masked")
  }
  let used = (0..<rows).filter { labels[$0] >= 0 && (weights?[$0] ?? 1) != 0 }
  let divisor = Float(max(1, used.count))

  let (logarithms, loss) = logSumExp(logits.value, columns, masked, used) { row, logSum, x in
    Double((logSum - x[labels[row]]) * (weights?[row] ?? 1))
  }
  return .result(Tensor(scalar: Float(loss) / divisor), of: [logits]) { dy in
    let factor = dy.scalar / divisor
    logits.accumulate(
      Tensor(logits.shape) { dx in
        dx.initialize(repeating: 0)
        reading(logits.value) { x in
          Parallel.ranges(used.count, grain: 8) { range in
            for row in used[range] {
              let (from, to) = (x + row * columns, dx.baseAddress! + row * columns)
              let weight = factor * (weights?[row] ?? 1)
              to.update(from: from, count: columns)
              mask(to, masked)
              _ = vild_exp_sum(to, logarithms[row], columns)
              for c in 0..<columns { to[c] *= weight }
              to[labels[row]] -= weight
            }
          }
        }
      })
  }
}

/// Softmax cross-entropy to whole distributions, averaged over the rows.
///
/// - Parameters:
///   - logits: [R, C]
///   - targets: [R, C], each row summing to 1
/// - Returns: one number
public func crossEntropy(_ logits: Variable, targets: Tensor) -> Variable {
  let logarithms = logSoftmax(logits)
  let rows = Float(max(1, logits.shape[0]))
  let sum = sumOfProducts(targets, logarithms.value)
  return .result(Tensor(scalar: -Float(sum) / rows), of: [logarithms]) { dy in
    logarithms.accumulate(targets * (-dy.scalar / rows))
  }
}

/// The logarithm of each used row's sum of exponentials, and the sum of what `loss` makes of it.
private func logSumExp(
  _ x: Tensor, _ columns: Int, _ masked: [Bool]?, _ used: [Int],
  _ loss: (_ row: Int, _ logSum: Float, _ x: UnsafePointer<Float>) -> Double
) -> ([Float], Double) {
  var total = 0.0
  let logarithms = [Float](unsafeUninitializedCapacity: x.shape[0]) { sums, count in
    count = x.shape[0]
    sums.initialize(repeating: 0)
    nonisolated(unsafe) let sums = sums
    total = reading(x) { x in
      sumOfBlocks(used.count, block: 16) { range in
        withUnsafeTemporaryAllocation(of: Float.self, capacity: columns) { scratch in
          let scratch = scratch.baseAddress!
          var total = 0.0
          for row in used[range] {
            scratch.update(from: x + row * columns, count: columns)
            mask(scratch, masked)
            let largest = vild_max(scratch, columns)
            sums[row] = largest + log(vild_exp_sum(scratch, largest, columns))
            total += loss(row, sums[row], x + row * columns)
          }
          return total
        }
      }
    }
  }
  return (logarithms, total)
}

private func mask(_ row: UnsafeMutablePointer<Float>, _ masked: [Bool]?) {
  guard let masked else { return }
  for (c, hidden) in masked.enumerated() where hidden { row[c] = -.infinity }
}
