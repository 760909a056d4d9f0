import CKernels
import Foundation
import Support

/// `activation(x)`, element by element.
public func activate(_ x: Variable, _ activation: Activation) -> Variable {
  if activation == .identity { return x }
  let y = Tensor(x.shape) { out in
    reading(x.value) { x in
      Parallel.ranges(out.count, grain: 1 << 13) { range in
        let to = out.baseAddress! + range.lowerBound
        to.update(from: x + range.lowerBound, count: range.count)
        Kernels.activate(to, bias: nil, rows: 1, channels: range.count, activation)
      }
    }
  }
  return .result(y, of: [x]) { dy in
    x.accumulate(Kernels.activationGradient(dy, x.value, activation))
  }
}

/// The sum of two values of one shape.
public func add(_ a: Variable, _ b: Variable) -> Variable {
  .result(a.value + b.value, of: [a, b]) { dy in
    a.accumulate(dy)
    b.accumulate(dy)
  }
}

/// `x` times a fixed number.
public func scale(_ x: Variable, by factor: Float) -> Variable {
  .result(x.value * factor, of: [x]) { dy in x.accumulate(dy * factor) }
}

/// `x` times one learned number.
public func scale(_ x: Variable, by factor: Variable) -> Variable {
  let value = factor.value.scalar
  return .result(x.value * value, of: [x, factor]) { dy in
    x.accumulate(dy * value)
    factor.accumulate(Tensor(factor.shape, [Float(sumOfProducts(dy, x.value))]))
  }
}

/// e to the power of one number.
public func exponential(_ x: Variable) -> Variable {
  let y = exp(x.value.scalar)
  return .result(Tensor(x.shape, [y]), of: [x]) { dy in x.accumulate(dy * y) }
}

/// The same elements under another shape; -1 stands for what is left.
public func reshape(_ x: Variable, _ shape: [Int]) -> Variable {
  if let rounded = x.ifRounded { return Variable(rounded.reshaped(shape)) }
  return .result(x.value.reshaped(shape), of: [x]) { dy in x.accumulate(dy.reshaped(x.shape)) }
}

/// The inputs behind one another along an axis, the first by default; all other axes agree.
public func concatenate(_ inputs: [Variable], axis: Int = 0) -> Variable {
  var shape = inputs[0].shape
  func others(_ shape: [Int]) -> [Int] { Array(shape[..<axis] + shape[(axis + 1)...]) }
  precondition(
    inputs.allSatisfy { others($0.shape) == others(shape) }, "shapes differ beyond axis \(axis)")
  shape[axis] = inputs.reduce(0) { $0 + $1.shape[axis] }
  let outer = shape[..<axis].reduce(1, *)
  // Elements that stand together, of each input and of all.
  let widths = inputs.map { $0.shape[axis...].reduce(1, *) }
  let width = widths.reduce(0, +)
  let y = Tensor(shape) { out in
    var offset = 0
    for (input, inputWidth) in zip(inputs, widths) {
      reading(input.value) { x in
        for row in 0..<outer {
          (out.baseAddress! + row * width + offset).update(
            from: x + row * inputWidth, count: inputWidth)
        }
      }
      offset += inputWidth
    }
  }
  return .result(y, of: inputs) { dy in
    var offset = 0
    for (input, inputWidth) in zip(inputs, widths) {
      let from = offset
      offset += inputWidth
      input.accumulate(
        Tensor(input.shape) { dx in
          reading(dy) { dy in
            for row in 0..<outer {
              (dx.baseAddress! + row * inputWidth).update(
                from: dy + row * width + from, count: inputWidth)
            }
          }
        })
    }
  }
}

/// Rows of the first axis by number, in the order given; a row may come several times.
public func gatherRows(_ x: Variable, _ rows: [Int]) -> Variable {
  let width = x.shape.dropFirst().reduce(1, *)
  precondition(rows.allSatisfy { $0 >= 0 && $0 < x.shape[0] }, "row outside 0..<\(x.shape[0])")
  let y = Tensor([rows.count] + x.shape.dropFirst()) { out in
    reading(x.value) { x in
      for (i, row) in rows.enumerated() {
        (out.baseAddress! + i * width).update(from: x + row * width, count: width)
      }
    }
  }
  return .result(y, of: [x]) { dy in
    x.accumulate(
      Tensor(x.shape) { dx in
        dx.initialize(repeating: 0)
        reading(dy) { dy in
          for (i, row) in rows.enumerated() {
            Kernels.add(dy + i * width, to: dx.baseAddress! + row * width, count: width)
          }
        }
      })
  }
}

/// Element c of the last axis times the fixed number `factors[c]`.
public func scaleChannels(_ x: Variable, by factors: Tensor) -> Variable {
  .result(multiplyChannels(x.value, factors), of: [x]) { dy in
    x.accumulate(multiplyChannels(dy, factors))
  }
}

/// Each image by itself: channel c of image b times `factors[b][c]`.
///
/// - Parameters:
///   - x: [B, H, W, C]
///   - factors: [B, C]
/// - Returns: [B, H, W, C]
public func scaleChannels(_ x: Variable, by factors: Variable) -> Variable {
  let (batch, channels) = (x.shape[0], x.shape[3])
  precondition(factors.shape == [batch, channels], "\(factors.shape) factors for \(x.shape)")
  let cells = x.shape[1] * x.shape[2]
  return .result(multiplyChannels(x.value, factors.value), of: [x, factors]) { dy in
    x.accumulate(multiplyChannels(dy, factors.value))
    let zeros = Tensor(zeros: [channels])
    factors.accumulate(
      Tensor([batch, channels]) { sums in
        sums.initialize(repeating: 0)
        reading(dy, x.value, zeros) { dy, x, zeros in
          Parallel.items(batch) { image in
            let from = image * cells * channels
            vild_sum_products(
              sums.baseAddress! + image * channels, dy + from, x + from, zeros, cells, channels)
          }
        }
      })
  }
}

/// `factors` are [C], or [B, C] for an `x` of B images.
private func multiplyChannels(_ x: Tensor, _ factors: Tensor) -> Tensor {
  let channels = x.shape.last ?? 1
  let rowsOfAFactor = x.count / max(1, factors.count)
  return Tensor(x.shape) { out in
    reading(x, factors) { x, factors in
      Parallel.ranges(out.count / max(1, channels), grain: 256) { rows in
        for row in rows {
          let factors = factors + row / rowsOfAFactor * channels
          vild_multiply(out.baseAddress! + row * channels, x + row * channels, factors, channels)
        }
      }
    }
  }
}
