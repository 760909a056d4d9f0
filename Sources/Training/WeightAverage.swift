import Support
import Tensors

/// The exponential moving average of a network's parameters over the steps, running statistics
/// included.
///
/// After step t, counted from 0, average += (1 - d) (value - average) with
/// d = min(decay, (1 + t) / (10 + t)), so that the first values do not count for long.
final class WeightAverage {
  private let parameters: [Parameter]
  private let decay: Float
  private var values: [Tensor]

  init(of parameters: [Parameter], decay: Float) {
    self.parameters = parameters
    self.decay = decay
    values = parameters.map(\.value)
  }

  func update(afterStep step: Int) {
    let share = 1 - min(decay, Float(1 + step) / Float(10 + step))
    for (index, parameter) in parameters.enumerated() {
      values[index].withMutableElements { average in
        parameter.value.withElements { value in
          for i in 0..<average.count { average[i] += share * (value[i] - average[i]) }
        }
      }
    }
  }

  /// Calls `body` while the parameters hold their averages.
  func applied<Result>(_ body: () throws -> Result) rethrows -> Result {
    exchange()
    defer { exchange() }
    return try body()
  }

  /// Leaves the parameters with their averages.
  func exchange() {
    for (index, parameter) in parameters.enumerated() { swap(&parameter.value, &values[index]) }
  }

  /// For a checkpoint, under the parameters' names.
  var state: [(name: String, value: Tensor)] {
    zip(parameters, values).map { ($0.name, $1) }
  }

  /// - Throws: `InputError` naming a missing or misshapen tensor.
  func restore(from checkpoint: Checkpoint) throws(InputError) {
    for (index, parameter) in parameters.enumerated() {
      values[index] = try checkpoint.average(of: parameter)
    }
  }
}
