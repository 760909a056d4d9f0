import CKernels
public import Support

/// Stochastic gradient descent with momentum and L2 decay, as PyTorch's `SGD`:
/// `v = momentum v + (g + decay w)`, `w -= rate v`.
///
/// Decay applies to parameters that say so (`Parameter.decays`). Used by one thread.
public final class SGD: Optimizer {
  /// What is optimised; names differ.
  public let parameters: [Parameter]
  /// The share of the last step's velocity that is kept, 0..<1.
  public let momentum: Float
  /// The factor of L2 decay.
  public let decay: Float
  /// The longest gradient, over all parameters together; longer ones are scaled down to it.
  public let maximumNorm: Float?
  /// The velocity.
  public let numbersPerWeight = 1
  private var velocities: [String: Tensor] = [:]

  /// - Parameter parameters: those with `isTrained` false are left alone.
  public init(
    _ parameters: [Parameter], momentum: Float = 0.9, decay: Float = 0, maximumNorm: Float? = nil
  ) {
    requireDifferentNames(parameters)
    precondition((0..<1).contains(momentum) && decay >= 0, "momentum \(momentum), decay \(decay)")
    self.parameters = parameters
    (self.momentum, self.decay, self.maximumNorm) = (momentum, decay, maximumNorm)
  }

  /// Moves every parameter that has a gradient, and clears the gradients.
  public func step(rate: Float) {
    let factor = clippingFactor
    for parameter in parameters {
      guard parameter.isTrained, let gradient = parameter.gradient else { continue }
      let count = gradient.count
      let decay = parameter.decays ? self.decay : 0
      let clipped = factor < 1 ? gradient * factor : gradient
      var velocity =
        velocities.removeValue(forKey: parameter.name) ?? Tensor(zeros: gradient.shape)
      velocity.withMutableElements { v in
        parameter.value.withMutableElements { w in
          reading(clipped) { g in
            Parallel.ranges(count, grain: 1 << 14) { range in
              let from = range.lowerBound
              vild_sgd(
                w.baseAddress! + from, v.baseAddress! + from, g + from,
                rate * parameter.rateFactor, momentum, decay, range.count)
            }
          }
        }
      }
      velocities[parameter.name] = velocity
      parameter.gradient = nil
    }
  }

  /// The velocities that differ from zero, under their parameters' names, in the parameters' order.
  public var state: [(name: String, value: Tensor)] {
    parameters.compactMap { parameter in velocities[parameter.name].map { (parameter.name, $0) } }
  }

  /// Takes up where `state` was read.
  ///
  /// - Throws: `InputError` when a velocity is of an unknown parameter, or of another shape than its
  ///   parameter.
  public func restore(_ state: [(name: String, value: Tensor)]) throws(InputError) {
    var restored: [String: Tensor] = [:]
    for (name, velocity) in state {
      try requireShape(of: name, velocity)
      restored[name] = velocity
    }
    velocities = restored
  }
}
