import Support
import Tensors
import TestSupport
import Testing

/// A generator that gives the same numbers every time (SplitMix64).
struct Seeded: RandomNumberGenerator {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

extension Tensor {
  /// Seeded numbers from a normal distribution.
  static func random(_ shape: [Int], seed: UInt64, deviation: Float = 1) -> Tensor {
    var generator = Seeded(seed)
    return normal(shape, standardDeviation: deviation, using: &generator)
  }

  subscript(_ index: Int...) -> Float {
    withElements { x in x[zip(index, shape).reduce(0) { $0 * $1.1 + $1.0 }] }
  }

  /// Whether two tensors have the same shape and the same bits.
  func isIdentical(to other: Tensor) -> Bool {
    shape == other.shape && array.map(\.bitPattern) == other.array.map(\.bitPattern)
  }
}

/// Same shape, and every element within `tolerance` of the expected one, measured against its size
/// or 1, whichever is larger.
func expectClose(
  _ got: Tensor, _ expected: Tensor, tolerance: Float = 1e-5, _ what: String = "",
  at location: SourceLocation = #_sourceLocation
) {
  guard got.shape == expected.shape else {
    Issue.record("\(what): shape \(got.shape), not \(expected.shape)", sourceLocation: location)
    return
  }
  for (i, (a, b)) in zip(got.array, expected.array).enumerated() {
    if a == b || abs(a - b) <= tolerance * max(1, abs(b)) { continue }
    Issue.record("\(what): element \(i) is \(a), not \(b)", sourceLocation: location)
    return
  }
}

/// The gradients of `sum(up * operation(inputs))` with respect to each input.
func gradients(
  of inputs: [Tensor], up: Tensor? = nil, _ operation: ([Variable]) -> Variable
) -> (output: Tensor, gradients: [Tensor]) {
  let tape = Tape()
  let variables = inputs.map(tape.variable)
  let output = operation(variables)
  let count = output.value.count
  let up = up ?? Tensor(output.shape, Array(repeating: 1, count: count))
  let loss = linear(reshape(output, [1, count]), Variable(up.reshaped([count, 1])))
  tape.backward(reshape(loss, []))
  return (
    output.value, zip(variables, inputs).map { $0.gradient ?? Tensor(zeros: $1.shape) }
  )
}

/// Compares the gradients of an operation with central differences of a random projection of its
/// output: along random directions, and for some single elements.
func checkGradients(
  of inputs: [Tensor], step: Float = 1e-2, tolerance: Double = 1e-2, seed: UInt64 = 1,
  at location: SourceLocation = #_sourceLocation, _ operation: ([Variable]) -> Variable
) {
  let output = operation(inputs.map { Variable($0) }).value
  let up = Tensor.random(output.shape, seed: seed)
  let analytic = gradients(of: inputs, up: up, operation).gradients
  func projection(_ inputs: [Tensor]) -> Double {
    let y = operation(inputs.map { Variable($0) }).value
    return zip(y.array, up.array).reduce(0) { $0 + Double($1.0) * Double($1.1) }
  }
  for (i, input) in inputs.enumerated() where input.count > 0 {
    var directions = (0..<3).map { Tensor.random(input.shape, seed: seed &* 31 &+ $0) }
    for element in Set([0, input.count / 3, input.count / 2, input.count - 1]) {
      var unit = [Float](repeating: 0, count: input.count)
      unit[element] = 1
      directions.append(Tensor(input.shape, unit))
    }
    for direction in directions {
      var (ahead, behind) = (inputs, inputs)
      ahead[i] = input + direction * step
      behind[i] = input + direction * -step
      let numeric = (projection(ahead) - projection(behind)) / (2 * Double(step))
      let expected = zip(analytic[i].array, direction.array)
        .reduce(0) { $0 + Double($1.0) * Double($1.1) }
      if abs(numeric - expected) > tolerance * max(1, abs(expected), abs(numeric)) {
        Issue.record(
          "input \(i): gradient \(expected), central difference \(numeric)",
          sourceLocation: location)
        return
      }
    }
  }
}

/// What PyTorch gives; see Goldens/make_goldens.py.
struct Goldens {
  private let file: SafeTensorsFile

  init() throws { file = try SafeTensorsFile(path: fixture("Goldens/operations.safetensors")) }

  subscript(_ name: String) -> Tensor {
    get throws { try file.tensor(name) }
  }

  /// Runs an operation on the inputs of a case, and compares its output and all gradients.
  ///
  /// - Parameter inputs: names, and what brings PyTorch's layout into ours.
  func check(
    _ name: String, _ inputs: [(name: String, layout: (Tensor) -> Tensor)],
    tolerance: Float = 2e-5, at location: SourceLocation = #_sourceLocation,
    _ operation: ([Variable]) -> Variable
  ) throws {
    let values = try inputs.map { try $0.layout(self["\(name)/\($0.name)"]) }
    let (output, found) = try gradients(of: values, up: self["\(name)/up"], operation)
    try expectClose(output, self["\(name)/y"], tolerance: tolerance, name, at: location)
    for (input, gradient) in zip(inputs, found) {
      let expected = try input.layout(self["\(name)/d.\(input.name)"])
      expectClose(
        gradient, expected, tolerance: tolerance, "\(name): gradient of \(input.name)", at: location
      )
    }
  }

  /// The same for inputs whose layout is PyTorch's own.
  func check(
    _ name: String, _ inputs: [String], tolerance: Float = 2e-5,
    at location: SourceLocation = #_sourceLocation, _ operation: ([Variable]) -> Variable
  ) throws {
    try check(
      name, inputs.map { ($0, { $0 }) }, tolerance: tolerance, at: location, operation)
  }
}
