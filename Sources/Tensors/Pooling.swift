import CKernels
import Support

/// The largest cell of each window; cells outside the map take no part.
///
/// - Parameters:
///   - x: [B, H, W, C]
///   - padding: cells outside the map on each side, at most half the kernel
/// - Returns: [B, H', W', C]
public func maxPool2d(_ x: Variable, kernel: Int, stride: Int, padding: Int = 0) -> Variable {
  let (batch, height, width, channels) = (x.shape[0], x.shape[1], x.shape[2], x.shape[3])
  precondition(padding * 2 <= kernel, "padding \(padding) is more than half of \(kernel)")
  let outHeight = Padding.fixed(padding).resolve(input: height, kernel: kernel, stride: stride)
    .output
  let outWidth = Padding.fixed(padding).resolve(input: width, kernel: kernel, stride: stride).output
  let outLine = outWidth * channels
  /// Where an output begins, where a cell of its window does, and which that is of its image.
  func forEachWindowCell(_ body: (_ out: Int, _ from: Int, _ cell: Int) -> Void) {
    Parallel.ranges(batch * outHeight) { lines in
      for line in lines {
        let (image, row) = line.quotientAndRemainder(dividingBy: outHeight)
        for column in 0..<outWidth {
          let out = line * outLine + column * channels
          for inRow in window(row, kernel, stride, padding, height) {
            for inColumn in window(column, kernel, stride, padding, width) {
              let cell = inRow * width + inColumn
              body(out, (image * height * width + cell) * channels, cell)
            }
          }
        }
      }
    }
  }
  if let rounded = x.ifRounded {
    return Variable(
      RoundedTensor([batch, outHeight, outWidth, channels]) { y in
        y.initialize(repeating: 0xff80, count: batch * outHeight * outLine)
        rounded.reading { x in
          forEachWindowCell { out, from, _ in vild_max_cell_bfloat(y + out, x + from, channels) }
        }
      })
  }
  // Which cell of its image each output came from.
  let origins = Origins(batch * outHeight * outLine)

  let y = Tensor([batch, outHeight, outWidth, channels]) { y in
    y.initialize(repeating: -.infinity)
    reading(x.value) { x in
      forEachWindowCell { out, from, cell in
        vild_max_cell(
          y.baseAddress! + out, origins.base + out, x + from, Int32(cell), channels)
      }
    }
  }
  return .result(y, of: [x]) { dy in
    x.accumulate(
      Tensor(x.shape) { dx in
        dx.initialize(repeating: 0)
        reading(dy) { dy in
          Parallel.items(batch) { image in
            let from = image * outHeight * outLine
            let to = dx.baseAddress! + image * height * width * channels
            for i in from..<from + outHeight * outLine {
              to[Int(origins.base[i]) * channels + i % channels] += dy[i]
            }
          }
        }
      })
  }
}

/// The mean of each window; windows lie inside the map.
///
/// - Parameter x: [B, H, W, C]
/// - Returns: [B, H', W', C]
public func avgPool2d(_ x: Variable, kernel: Int, stride: Int) -> Variable {
  let axes = [x.shape[1], x.shape[2]].map { size in
    AxisTaps(Padding.fixed(0).resolve(input: size, kernel: kernel, stride: stride).output) {
      output, taps in
      for cell in output * stride..<output * stride + kernel { taps.add(cell, 1 / Float(kernel)) }
    }
  }
  return resample(x, rows: axes[0], columns: axes[1])
}

/// The mean of each image's cells.
///
/// - Parameter x: [B, H, W, C], H and W at least 1
/// - Returns: [B, C]
public func globalAveragePool(_ x: Variable) -> Variable {
  let axes = [x.shape[1], x.shape[2]].map { size in
    precondition(size > 0, "no cells to average in shape \(x.shape)")
    return AxisTaps(1) { _, taps in
      for cell in 0..<size { taps.add(cell, 1 / Float(size)) }
    }
  }
  return reshape(resample(x, rows: axes[0], columns: axes[1]), [x.shape[0], x.shape[3]])
}

/// The input cells of a window along one axis.
private func window(
  _ output: Int, _ kernel: Int, _ stride: Int, _ padding: Int, _ size: Int
) -> Range<Int> {
  let start = output * stride - padding
  return max(0, start)..<max(0, min(size, start + kernel))
}

/// One cell number for each element.
private final class Origins: @unchecked Sendable {
  let base: UnsafeMutablePointer<Int32>

  init(_ count: Int) {
    base = .allocate(capacity: count)
    base.initialize(repeating: 0, count: count)
  }

  deinit { base.deallocate() }
}
