import CKernels
public import Support

/// Changes parameters by their gradients, and keeps what it knows of earlier steps.
public protocol Optimizer: AnyObject {
  /// What is optimised; names differ. Those with `isTrained` false are left alone.
  var parameters: [Parameter] { get }
  /// The longest gradient, over all parameters together; longer ones are scaled down to it.
  var maximumNorm: Float? { get }
  /// How many numbers it keeps for each that is trained.
  var numbersPerWeight: Int { get }
  /// What a checkpoint has to hold.
  var state: [(name: String, value: Tensor)] { get }

  /// Moves every parameter that has a gradient, and clears the gradients.
  func step(rate: Float)

  /// Takes up where `state` was read.
  ///
  /// - Throws: `InputError` when a tensor is of an unknown parameter, or of another shape than its
  ///   parameter.
  func restore(_ state: [(name: String, value: Tensor)]) throws(InputError)
}

extension Optimizer {
  /// The Euclidean length of all gradients together; not finite when one of them is not.
  public var gradientNorm: Float {
    let squares = parameters.reduce(0.0) { sum, parameter in
      guard parameter.isTrained, let gradient = parameter.gradient else { return sum }
      return sum
        + reading(gradient) { g in
          sumOfBlocks(gradient.count) { range in
            Double(vild_dot(g + range.lowerBound, g + range.lowerBound, range.count))
          }
        }
    }
    return Float(squares.squareRoot())
  }

  /// What gradients are multiplied by before a step: PyTorch's `clip_grad_norm_`, with its 1e-6.
  var clippingFactor: Float { maximumNorm.map { min(1, $0 / (gradientNorm + 1e-6)) } ?? 1 }

  /// Forgets the gradients, for a step that shall not be made.
  public func clearGradients() {
    for parameter in parameters { parameter.gradient = nil }
  }

  func requireShape(of name: String, _ value: Tensor) throws(InputError) {
    guard let parameter = parameters.first(where: { $0.name == name }) else {
      throw InputError(
        .badData, "optimiser state of a parameter the model has not: '\(name)'",
        hint: nearestName(to: name, among: parameters.map(\.name).sorted()).map {
          "did you mean '\($0)'?"
        })
    }
    guard value.shape == parameter.value.shape else {
      throw InputError(
        .badData, "optimiser state of '\(name)' has another shape",
        expected: "\(parameter.value.shape)", got: "\(value.shape)")
    }
  }
}

func requireDifferentNames(_ parameters: [Parameter]) {
  precondition(Set(parameters.map(\.name)).count == parameters.count, "two parameters, one name")
}
