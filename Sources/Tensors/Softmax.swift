import CKernels
import Foundation
import Support

/// The exponentials of each row of the last axis, divided by their sum.
///
/// Logits of minus infinity have probability zero; a row of nothing else has no softmax (NaN).
public func softmax(_ x: Variable) -> Variable {
  let y = forEachRow(of: x.value) { x, y, width in
    y.update(from: x, count: width)
    Rows.softmax(y, width)
  }
  return .result(y, of: [x]) { dy in
    x.accumulate(
      forEachRow(of: dy, y) { dy, y, dx, width in
        Rows.softmaxGradient(dy, y, into: dx, width)
      })
  }
}

/// The logarithm of `softmax`, precise for small probabilities too.
public func logSoftmax(_ x: Variable) -> Variable {
  let y = forEachRow(of: x.value) { x, y, width in
    y.update(from: x, count: width)
    let largest = vild_max(y, width)
    let logSum = largest + log(vild_exp_sum(y, largest, width))
    for c in 0..<width { y[c] = x[c] - logSum }
  }
  return .result(y, of: [x]) { dy in
    x.accumulate(
      forEachRow(of: dy, y) { dy, y, dx, width in
        var total: Float = 0
        for c in 0..<width { total += dy[c] }
        dx.update(from: y, count: width)
        _ = vild_exp_sum(dx, 0, width)
        for c in 0..<width { dx[c] = dy[c] - dx[c] * total }
      })
  }
}

/// Loops over one row, on the calling thread.
enum Rows {
  /// In place.
  static func softmax(_ x: UnsafeMutablePointer<Float>, _ count: Int) {
    let factor = 1 / vild_exp_sum(x, vild_max(x, count), count)
    for c in 0..<count { x[c] *= factor }
  }

  /// `dx = y (dy - dy·y)`; `dx` may be `dy`.
  static func softmaxGradient(
    _ dy: UnsafePointer<Float>, _ y: UnsafePointer<Float>,
    into dx: UnsafeMutablePointer<Float>, _ count: Int
  ) {
    let dot = vild_dot(dy, y, count)
    for c in 0..<count { dx[c] = y[c] * (dy[c] - dot) }
  }
}

/// A tensor of the same shape, made row by row of the last axis on all cores.
func forEachRow(
  of x: Tensor,
  _ body: (_ x: UnsafePointer<Float>, _ out: UnsafeMutablePointer<Float>, _ width: Int) -> Void
) -> Tensor {
  forEachRow(of: x, x) { x, _, out, width in body(x, out, width) }
}

func forEachRow(
  of a: Tensor, _ b: Tensor,
  _ body: (
    _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ out: UnsafeMutablePointer<Float>,
    _ width: Int
  ) -> Void
) -> Tensor {
  let width = a.shape.last ?? 1
  return Tensor(a.shape) { out in
    reading(a, b) { a, b in
      Parallel.ranges(out.count / max(1, width), grain: max(1, (1 << 13) / max(1, width))) { rows in
        for row in rows {
          body(a + row * width, b + row * width, out.baseAddress! + row * width, width)
        }
      }
    }
  }
}
