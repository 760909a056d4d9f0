/// All inner products of the rows of `x` with the rows of `y`: cosines, when both are unit rows.
///
/// - Parameters:
///   - x: [N, K]
///   - y: [M, K]
/// - Returns: [N, M]
public func innerProducts(_ x: Variable, _ y: Variable) -> Variable {
  precondition(x.shape.count == 2 && y.shape.count == 2 && x.shape[1] == y.shape[1])
  let (n, m, k) = (x.shape[0], y.shape[0], x.shape[1])
  let products = Tensor([n, m]) { out in
    reading(x.value, y.value) { x, y in
      BLAS.multiplyInParallel(
        Matrix(x, n, k), Matrix(y, m, k, transposed: true), into: out.baseAddress!)
    }
  }
  return .result(products, of: [x, y]) { gradient in
    x.accumulate(
      Tensor([n, k]) { out in
        reading(gradient, y.value) { g, y in
          BLAS.multiplyInParallel(Matrix(g, n, m), Matrix(y, m, k), into: out.baseAddress!)
        }
      })
    y.accumulate(
      Tensor([m, k]) { out in
        reading(gradient, x.value) { g, x in
          BLAS.multiplyTransposed(Matrix(g, n, m), Matrix(x, n, k), into: out.baseAddress!)
        }
      })
  }
}
