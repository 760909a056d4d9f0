import Support

/// Transposed convolution whose stride is its kernel's side, with an optional bias and activation:
/// every cell becomes k x k cells, none of which another one reaches.
///
/// PyTorch's `conv_transpose2d(stride: k)` with a kernel of k x k.
/// - Parameters:
///   - x: [B, H, W, C]
///   - weight: [C, k, k, C']
///   - bias: [C']
/// - Returns: [B, k H, k W, C']
public func transposedConv2d(
  _ x: Variable, _ weight: Variable, bias: Variable? = nil, activation: Activation = .identity
) -> Variable {
  let (side, channels) = (weight.shape[1], weight.shape[3])
  precondition(weight.shape.count == 4 && weight.shape[2] == side, "\(weight.shape) is not square")
  // A matrix product that makes all k x k cells of a cell at once, which then take their places.
  let kernel = reshape(weight, [1, 1, weight.shape[0], side * side * channels])
  let cells = spreadCells(conv2d(x, kernel), side: side)
  return activate(bias.map { addChannels(cells, $0) } ?? cells, activation)
}

/// Channels that stand for the k x k cells of a square become these cells.
///
/// - Parameters:
///   - x: [B, H, W, k * k * C], row by row of each square
///   - side: k, at least 1
/// - Returns: [B, k H, k W, C]
public func spreadCells(_ x: Variable, side: Int) -> Variable {
  let shape = x.shape
  precondition(
    shape.count == 4 && side > 0 && shape[3] % (side * side) == 0, "\(shape) by squares of \(side)")
  let square = CellSquares(
    lines: shape[0] * shape[1], columns: shape[2], side: side, channels: shape[3] / (side * side))
  let spread = [shape[0], side * shape[1], side * shape[2], square.channels]
  return .result(square.moved(x.value, to: spread, gathering: false), of: [x]) { dy in
    x.accumulate(square.moved(dy, to: shape, gathering: true))
  }
}

/// `x` plus one number a channel: [..., C] and [C].
public func addChannels(_ x: Variable, _ bias: Variable) -> Variable {
  let channels = bias.value.count
  precondition(x.shape.last == channels, "\(channels) channels added to shape \(x.shape)")
  let y = Tensor(x.shape) { y in
    reading(x.value, bias.value) { x, bias in
      Parallel.ranges(y.count / max(1, channels), grain: 256) { rows in
        let start = y.baseAddress! + rows.lowerBound * channels
        start.update(from: x + rows.lowerBound * channels, count: rows.count * channels)
        Kernels.activate(start, bias: bias, rows: rows.count, channels: channels, .identity)
      }
    }
  }
  return .result(y, of: [x, bias]) { dy in
    bias.accumulate(Kernels.columnSums(dy, channels: channels).reshaped(bias.shape))
    x.accumulate(dy)
  }
}

/// Squares of `side` x `side` cells: as channels of one cell, or as cells of a map.
private struct CellSquares {
  /// Rows of all images together, and columns, of the map of squares.
  let lines, columns: Int
  let side, channels: Int

  /// From channels to cells, or `gathering` from cells to channels.
  func moved(_ x: Tensor, to shape: [Int], gathering: Bool) -> Tensor {
    let run = side * channels
    return Tensor(shape) { y in
      reading(x) { x in
        Parallel.ranges(lines) { range in
          for line in range {
            for column in 0..<columns {
              for row in 0..<side {
                let packed = ((line * columns + column) * side + row) * run
                let spread = ((line * side + row) * columns + column) * run
                let (from, to) = gathering ? (spread, packed) : (packed, spread)
                (y.baseAddress! + to).update(from: x + from, count: run)
              }
            }
          }
        }
      }
    }
  }
}
