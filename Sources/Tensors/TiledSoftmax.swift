import CKernels
import Foundation
import Support

/// The softmax of all inner products of two sets of rows times a factor, worked out a tile of
/// columns at a time with a running maximum and sum: the products are never there all at once.
///
/// Letters: R rows, C columns, M further columns, D their width.
public struct TiledSoftmax: Sendable {
  private let left, right: Tensor
  private let factor: Float
  /// Of each row, the logarithm of the sum of all exponentials.
  private var sums: [Float]
  /// The products with the columns, where these are one tile.
  private let only: Tensor?

  /// Goes over all products once.
  ///
  /// - Parameters:
  ///   - rows: [R, D]
  ///   - columns: [C, D]
  ///   - others: [M, D], further columns that take part in the sum and are not asked for
  public init(_ rows: Tensor, columns: Tensor, others: Tensor? = nil, factor: Float) {
    (left, right, self.factor) = (rows, columns, factor)
    sums = Array(repeating: -.infinity, count: rows.shape[0])
    func products(with columns: Tensor) -> Tensor {
      Self.products(rows, with: columns, factor: factor)
    }
    let tiles = Self.tiles(columns.shape[0])
    only = tiles.count == 1 ? products(with: columns) : nil
    if let others { take(products(with: others)) }
    if let only {
      take(only)
    } else {
      for tile in tiles { take(products(with: columns.rows(tile))) }
    }
  }

  /// R
  public var rows: Int { left.shape[0] }
  /// C
  public var columns: Int { right.shape[0] }

  /// `0..<count` in ranges of at most 1024.
  public static func tiles(_ count: Int) -> [Range<Int>] {
    stride(from: 0, to: count, by: 1024).map { $0..<min($0 + 1024, count) }
  }

  /// The logarithms of the probabilities of some columns.
  ///
  /// - Returns: [R, T] for T columns
  public func logarithms(_ columns: Range<Int>) -> Tensor {
    var logits =
      columns.count == right.shape[0] ? only ?? products(of: columns) : products(of: columns)
    let width = columns.count
    logits.withMutableElements { x in
      for row in 0..<rows {
        for c in row * width..<(row + 1) * width { x[c] -= sums[row] }
      }
    }
    return logits
  }

  private func products(of columns: Range<Int>) -> Tensor {
    Self.products(left, with: right.rows(columns), factor: factor)
  }

  private static func products(_ rows: Tensor, with columns: Tensor, factor: Float) -> Tensor {
    innerProducts(Variable(rows), Variable(columns)).value * factor
  }

  /// Adds a tile of logits, which it overwrites, to the sums.
  private mutating func take(_ logits: consuming Tensor) {
    let width = logits.shape[1]
    guard width > 0 else { return }
    var logits = logits
    sums = logits.withMutableElements { x in
      sums.indices.map { row in
        let start = x.baseAddress! + row * width
        let largest = max(sums[row], vild_max(start, width))
        let before = exp(sums[row] - largest)
        return largest + log(before + vild_exp_sum(start, largest, width))
      }
    }
  }
}

/// e to the power of every element.
public func exponential(_ x: Tensor) -> Tensor {
  Tensor(x.shape) { y in
    reading(x) { x in
      Parallel.ranges(y.count, grain: 1 << 13) { range in
        let start = y.baseAddress! + range.lowerBound
        start.update(from: x + range.lowerBound, count: range.count)
        _ = vild_exp_sum(start, 0, range.count)
      }
    }
  }
}
