import CKernels

/// Rows of a frozen network's activations, as its products read them: float32, or bfloat16.
package struct FrozenRows: Sendable {
  package let count: Int
  package let width: Int
  package let precision: Precision
  private let buffer: Buffer

  /// Rows that `fill` must write in full.
  init(
    _ count: Int, width: Int, _ precision: Precision, fill: (UnsafeMutableRawPointer) -> Void
  ) {
    (self.count, self.width, self.precision) = (count, width, precision)
    buffer = Buffer(count: (count * width * precision.stride + 3) / 4)
    withExtendedLifetime(buffer) { fill(UnsafeMutableRawPointer(buffer.base)) }
  }

  private init(_ count: Int, width: Int, _ precision: Precision, _ buffer: Buffer) {
    (self.count, self.width, self.precision, self.buffer) = (count, width, precision, buffer)
  }

  /// Reads the rows in place.
  func reading(_ body: (UnsafeRawPointer) -> Void) {
    withExtendedLifetime(buffer) { body(UnsafeRawPointer(buffer.base)) }
  }

  /// The first row of every `step` rows.
  package func every(_ step: Int) -> FrozenRows {
    let bytes = width * precision.stride
    return FrozenRows(count / step, width: width, precision) { out in
      reading { x in
        for row in 0..<count / step {
          (out + row * bytes).copyMemory(from: x + row * step * bytes, byteCount: bytes)
        }
      }
    }
  }

  /// Some of the columns.
  package func columns(_ range: Range<Int>) -> FrozenRows {
    let (from, to) = (width * precision.stride, range.count * precision.stride)
    return FrozenRows(count, width: range.count, precision) { out in
      reading { x in
        let x = x + range.lowerBound * precision.stride
        for row in 0..<count { (out + row * to).copyMemory(from: x + row * from, byteCount: to) }
      }
    }
  }

  /// Rows of as many numbers, cut otherwise.
  package func reshaped(width: Int) -> FrozenRows {
    precondition(count * self.width % width == 0)
    return FrozenRows(count * self.width / width, width: width, precision, buffer)
  }

  /// The columns of all `parts`, which have equally many rows, beside one another.
  package static func sideBySide(_ parts: [FrozenRows]) -> FrozenRows {
    let (count, precision) = (parts[0].count, parts[0].precision)
    let width = parts.reduce(0) { $0 + $1.width }
    return FrozenRows(count, width: width, precision) { out in
      var out = out
      for part in parts {
        precondition(part.count == count && part.precision == precision)
        let bytes = part.width * precision.stride
        part.reading { x in
          for row in 0..<count {
            (out + row * width * precision.stride).copyMemory(
              from: x + row * bytes, byteCount: bytes)
          }
        }
        out += bytes
      }
    }
  }

  /// In float32.
  package var tensor: Tensor {
    Tensor([count, width]) { out in
      reading { x in
        switch precision {
        case .float32:
          UnsafeMutableRawPointer(out.baseAddress!).copyMemory(from: x, byteCount: out.count * 4)
        case .bfloat16:
          vild_bfloat_to_float(
            out.baseAddress!, x.assumingMemoryBound(to: UInt16.self), out.count)
        }
      }
    }
  }
}

extension FrozenRows {
  /// Rounds a tensor's last axis, row by row.
  package init(_ x: Tensor, _ precision: Precision) {
    let width = x.shape[x.shape.count - 1]
    self.init(x.count / max(1, width), width: width, precision) { out in
      Tensors.reading(x) { precision.write($0, to: out, count: x.count) }
    }
  }

  /// The patches of square pictures, without overlap; pixels that fill no patch, at the right and
  /// the bottom, are left out.
  ///
  /// - Parameters:
  ///   - pixels: [B, S, S, 3]
  ///   - pictures: which of them
  ///   - size: width and height P of a patch
  /// - Returns: a row for each patch, by picture, row and column: its pixels, [P, P, 3].
  package static func patches(
    of pixels: Tensor, _ pictures: Range<Int>, size: Int, _ precision: Precision
  ) -> FrozenRows {
    let (side, channels) = (pixels.shape[2], pixels.shape[3])
    let (grid, run) = (side / size, size * channels)
    return FrozenRows(pictures.count * grid * grid, width: size * run, precision) { out in
      Tensors.reading(pixels) { x in
        var out = out
        for picture in pictures {
          for cell in 0..<grid * grid {
            let corner = (picture * side + cell / grid * size) * side + cell % grid * size
            for line in 0..<size {
              precision.write(x + (corner + line * side) * channels, to: out, count: run)
              out += run * precision.stride
            }
          }
        }
      }
    }
  }

  /// The layer norm of each row of `x`, [..., C].
  package static func layerNorm(
    of x: Tensor, gamma: Tensor, beta: Tensor, epsilon: Float, _ precision: Precision
  ) -> FrozenRows {
    let (rows, width) = (x.count / gamma.count, gamma.count)
    return FrozenRows(rows, width: width, precision) { out in
      Tensors.reading(x, gamma, beta) { x, gamma, beta in
        withUnsafeTemporaryAllocation(of: Float.self, capacity: width + 2) { scratch in
          let (normed, statistics) = (scratch.baseAddress!, scratch.baseAddress! + width)
          for row in 0..<rows {
            vild_layer_norm(
              normed, x + row * width, gamma, beta, statistics, statistics + 1, epsilon, 1, width)
            precision.write(normed, to: out + row * width * precision.stride, count: width)
          }
        }
      }
    }
  }
}

extension Precision {
  /// Bytes of a stored number.
  var stride: Int { self == .float32 ? 4 : 2 }

  /// Rounds numbers to how they are stored.
  func write(_ x: UnsafePointer<Float>, to out: UnsafeMutableRawPointer, count: Int) {
    switch self {
    case .float32: out.copyMemory(from: x, byteCount: count * 4)
    case .bfloat16: vild_float_to_bfloat(out.assumingMemoryBound(to: UInt16.self), x, count)
    }
  }
}
