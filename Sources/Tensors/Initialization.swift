import Foundation

extension Tensor {
  /// Numbers from a normal distribution of mean 0 (Box-Muller).
  public static func normal(
    _ shape: [Int], standardDeviation: Float, using generator: inout some RandomNumberGenerator
  ) -> Tensor {
    Tensor(shape) { out in
      /// As `Double.random(in: 0..<1)`, which is slow where the generator is not known.
      func uniform() -> Double { Double(generator.next() & (1 << 53 - 1)) * 0x1p-53 }
      for i in stride(from: 0, to: out.count, by: 2) {
        let radius = (-2 * log(1 - uniform())).squareRoot()
        let angle = 2 * Double.pi * uniform()
        out[i] = Float(radius * cos(angle)) * standardDeviation
        if i + 1 < out.count { out[i + 1] = Float(radius * sin(angle)) * standardDeviation }
      }
    }
  }

  /// He et al., 2015: variance 2 / fan, for layers followed by a ReLU.
  public static func heNormal(
    _ shape: [Int], fan: Int, using generator: inout some RandomNumberGenerator
  ) -> Tensor {
    normal(
      shape, standardDeviation: (2 / Float(max(1, fan))).squareRoot(), using: &generator)
  }
}
