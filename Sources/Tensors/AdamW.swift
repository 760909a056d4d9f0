import CKernels
import Foundation
public import Support

/// Adam with decoupled weight decay (Loshchilov and Hutter, 2019), as PyTorch's `AdamW`:
/// `w -= rate decay w`, `m = b1 m + (1 - b1) g`, `v = b2 v + (1 - b2) g²`,
/// `w -= rate m' / (sqrt(v') + epsilon)`, where `m'` and `v'` are corrected for their start at zero.
///
/// Decay applies to parameters that say so (`Parameter.decays`). Used by one thread.
public final class AdamW: Optimizer {
  public let parameters: [Parameter]
  /// The share of the mean gradient that a step keeps, 0..<1.
  public let beta1: Float
  /// The share of the mean squared gradient that a step keeps, 0..<1.
  public let beta2: Float
  /// Keeps the divisor from zero.
  public let epsilon: Float
  /// What the rate is multiplied by to be the share of a weight that a step takes away.
  public let decay: Float
  public let maximumNorm: Float?
  /// m and v.
  public let numbersPerWeight = 2

  private struct Moments {
    /// Steps made with this parameter.
    var steps = 0
    /// m and v
    var first, second: Tensor
  }
  private var moments: [String: Moments] = [:]

  /// - Parameter parameters: those with `isTrained` false are left alone.
  public init(
    _ parameters: [Parameter], beta1: Float = 0.9, beta2: Float = 0.999, epsilon: Float = 1e-8,
    decay: Float = 0.01, maximumNorm: Float? = nil
  ) {
    requireDifferentNames(parameters)
    precondition(
      (0..<1).contains(beta1) && (0..<1).contains(beta2) && epsilon > 0 && decay >= 0,
      "betas \(beta1) and \(beta2), epsilon \(epsilon), decay \(decay)")
    self.parameters = parameters
    (self.beta1, self.beta2, self.epsilon) = (beta1, beta2, epsilon)
    (self.decay, self.maximumNorm) = (decay, maximumNorm)
  }

  public func step(rate: Float) {
    let factor = clippingFactor
    for parameter in parameters {
      guard parameter.isTrained, let gradient = parameter.gradient else { continue }
      var state =
        moments.removeValue(forKey: parameter.name)
        ?? Moments(first: Tensor(zeros: gradient.shape), second: Tensor(zeros: gradient.shape))
      state.steps += 1
      let rate = rate * parameter.rateFactor
      let sizes = vild_adamw_sizes(
        factor: factor, beta1: beta1, beta2: beta2, epsilon: epsilon,
        keep: 1 - rate * (parameter.decays ? decay : 0),
        rate: rate / Float(1 - pow(Double(beta1), Double(state.steps))),
        root: Float((1 - pow(Double(beta2), Double(state.steps))).squareRoot()))
      move(parameter, by: gradient, &state, sizes)
      moments[parameter.name] = state
      parameter.gradient = nil
    }
  }

  private func move(
    _ parameter: Parameter, by gradient: Tensor, _ state: inout Moments, _ sizes: vild_adamw_sizes
  ) {
    parameter.value.withMutableElements { w in
      state.first.withMutableElements { m in
        state.second.withMutableElements { v in
          reading(gradient) { g in
            Parallel.ranges(gradient.count, grain: 1 << 14) { range in
              let from = range.lowerBound
              var sizes = sizes
              vild_adamw(
                w.baseAddress! + from, m.baseAddress! + from, v.baseAddress! + from, g + from,
                &sizes, range.count)
            }
          }
        }
      }
    }
  }

  /// Of each parameter that has been moved, in the parameters' order: how often, m and v.
  public var state: [(name: String, value: Tensor)] {
    parameters.flatMap { parameter -> [(name: String, value: Tensor)] in
      guard let state = moments[parameter.name] else { return [] }
      return [
        ("\(parameter.name).steps", Tensor(scalar: Float(state.steps))),
        ("\(parameter.name).first", state.first), ("\(parameter.name).second", state.second),
      ]
    }
  }

  public func restore(_ state: [(name: String, value: Tensor)]) throws(InputError) {
    var parts: [String: [String: Tensor]] = [:]
    for (name, value) in state {
      let words = name.split(separator: ".")
      let (parameter, part) = (words.dropLast().joined(separator: "."), String(words.last ?? ""))
      let isCount = part == "steps" && value.count == 1
      if !isCount { try requireShape(of: parameter, value) }
      parts[parameter, default: [:]][part] = value
    }
    var restored: [String: Moments] = [:]
    for (name, parts) in parts.sorted(by: { $0.key < $1.key }) {
      guard let steps = parts["steps"]?.scalar, let first = parts["first"],
        let second = parts["second"], parts.count == 3, 1...0x1p24 ~= steps
      else {
        throw InputError(
          .badData, "optimiser state of '\(name)' is not AdamW's",
          expected: "\(name).steps, .first and .second",
          got: parts.keys.sorted().joined(separator: ", "))
      }
      restored[name] = Moments(steps: Int(steps), first: first, second: second)
    }
    moments = restored
  }
}
