import CKernels
import Support

/// The sum of what `0..<count` contributes, worked out in fixed blocks on all cores and added up in
/// order: the same bits for any number of threads.
func sumOfBlocks(_ count: Int, block: Int = 4096, _ body: (Range<Int>) -> Double) -> Double {
  let blocks = (count + block - 1) / block
  return withUnsafeTemporaryAllocation(of: Double.self, capacity: blocks) { sums in
    Parallel.ranges(blocks) { range in
      for b in range { sums[b] = body(b * block..<min(count, (b + 1) * block)) }
    }
    return sums.reduce(0, +)
  }
}

/// The sum of what two tensors of one shape have at each place, multiplied.
func sumOfProducts(_ a: Tensor, _ b: Tensor) -> Double {
  precondition(a.shape == b.shape, "shapes \(a.shape) and \(b.shape)")
  return reading(a, b) { a1, b1 in
    sumOfBlocks(a.count) { range in
      Double(vild_dot(a1 + range.lowerBound, b1 + range.lowerBound, range.count))
    }
  }
}
