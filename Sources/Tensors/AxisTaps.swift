import CKernels
import Support

/// A linear map along one axis: each output is a weighted sum of a few input cells.
///
/// Two of them, for rows and columns, describe resampling, average pooling and RoIAlign.
struct AxisTaps {
  private var starts = [0]
  private var cells: [Int] = []
  private var weights: [Float] = []

  /// Outputs along the axis.
  var count: Int { starts.count - 1 }

  /// Calls `build` once an output, to `add` its cells.
  init(_ outputs: Int, build: (_ output: Int, _ taps: inout AxisTaps) -> Void) {
    starts.reserveCapacity(outputs + 1)
    for output in 0..<outputs {
      build(output, &self)
      starts.append(cells.count)
    }
  }

  /// Adds a cell to the output at hand; cells come in ascending order, neighbours merge.
  mutating func add(_ cell: Int, _ weight: Float) {
    if weight == 0 { return }
    let first = max(starts.last!, cells.count - 2)
    for known in first..<cells.count where cells[known] == cell {
      weights[known] += weight
      return
    }
    cells.append(cell)
    weights.append(weight)
  }

  /// Adds linear interpolation at `position`, counted from the centre of cell 0 and clamped to the
  /// axis.
  mutating func interpolate(at position: Float, size: Int, weight: Float = 1) {
    let position = min(max(position, 0), Float(size - 1))
    let low = Int(position)
    let share = position - Float(low)
    add(low, (1 - share) * weight)
    add(min(low + 1, size - 1), share * weight)
  }

  /// The reverse map: from outputs back to `size` cells.
  func transposed(size: Int) -> AxisTaps {
    var outputs = [[(output: Int, weight: Float)]](repeating: [], count: size)
    for output in 0..<count {
      for tap in starts[output]..<starts[output + 1] {
        outputs[cells[tap]].append((output, weights[tap]))
      }
    }
    return AxisTaps(size) { cell, taps in
      for (output, weight) in outputs[cell] { taps.add(output, weight) }
    }
  }

  /// Gives `body` a function from an output to its taps, valid until `body` ends.
  func withTaps<Result>(_ body: ((Int) -> vild_taps) -> Result) -> Result {
    cells.withUnsafeBufferPointer { cells in
      weights.withUnsafeBufferPointer { weights in
        body { output in
          let start = starts[output]
          guard let cell = cells.baseAddress, let weight = weights.baseAddress else {
            return vild_taps(cells: nil, weights: nil, count: 0)
          }
          return vild_taps(
            cells: cell + start, weights: weight + start, count: starts[output + 1] - start)
        }
      }
    }
  }
}

/// Applies one map to the rows and one to the columns of every image.
///
/// - Parameter x: [B, H, W, C]
/// - Returns: [B, rows.count, columns.count, C]
func resample(_ x: Variable, rows: AxisTaps, columns: AxisTaps) -> Variable {
  if let x = x.ifRounded { return Variable(resample(x, rows, columns)) }
  let y = resample(x.value, rows, columns)
  return .result(y, of: [x]) { dy in
    x.accumulate(
      resample(dy, rows.transposed(size: x.shape[1]), columns.transposed(size: x.shape[2])))
  }
}

private func resample(_ x: Tensor, _ rows: AxisTaps, _ columns: AxisTaps) -> Tensor {
  let (line, channels) = (x.shape[2] * x.shape[3], x.shape[3])
  return Tensor([x.shape[0], rows.count, columns.count, channels]) { y in
    reading(x) { x1 in
      forEachCell(of: x.shape, rows, columns) { image, out, rows, columns in
        vild_gather_cells(
          y.baseAddress! + out, x1 + image, line, channels, rows, columns, channels)
      }
    }
  }
}

private func resample(
  _ x: RoundedTensor, _ rows: AxisTaps, _ columns: AxisTaps
) -> RoundedTensor {
  let (line, channels) = (x.shape[2] * x.shape[3], x.shape[3])
  return RoundedTensor([x.shape[0], rows.count, columns.count, channels]) { y in
    x.reading { x1 in
      forEachCell(of: x.shape, rows, columns) { image, out, rows, columns in
        vild_gather_cells_bfloat(y + out, x1 + image, line, channels, rows, columns, channels)
      }
    }
  }
}

/// Where an image begins, where an output does, and what it is made of.
private func forEachCell(
  of shape: [Int], _ rows: AxisTaps, _ columns: AxisTaps,
  _ body: (_ image: Int, _ out: Int, _ rows: vild_taps, _ columns: vild_taps) -> Void
) {
  let size = shape[1] * shape[2] * shape[3]
  Parallel.ranges(shape[0] * rows.count) { lines in
    rows.withTaps { rowTaps in
      columns.withTaps { columnTaps in
        for line in lines {
          let (image, row) = line.quotientAndRemainder(dividingBy: rows.count)
          for column in 0..<columns.count {
            body(
              image * size, (line * columns.count + column) * shape[3], rowTaps(row),
              columnTaps(column))
          }
        }
      }
    }
  }
}
