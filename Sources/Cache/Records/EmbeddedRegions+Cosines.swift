package import Regions

extension EmbeddedRegions {
  /// The cosine of each region's vector with another one; -1 where one of them has no direction.
  ///
  /// - Parameter others: [R, D], row by row.
  package func cosines(with others: [Float]) -> [Double] {
    precondition(others.count == vectors.count, "one vector per region")
    return (0..<count).map { region in
      var (dot, own, other) = (0.0, 0.0, 0.0)
      for i in region * width..<(region + 1) * width {
        let (a, b) = (Double(vectors[i]), Double(others[i]))
        dot += a * b
        own += a * a
        other += b * b
      }
      let cosine = dot / (own * other).squareRoot()
      return cosine.isNaN ? -1 : cosine
    }
  }
}
