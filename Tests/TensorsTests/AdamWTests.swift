import Support
import Tensors
import TestSupport
import Testing

@Suite struct AdamWTests {
  private func parameters() -> [Parameter] {
    [
      Parameter("kernel.weight", .random([3, 4], seed: 1)),
      Parameter("bias", .random([4], seed: 2), decays: false),
    ]
  }

  private func run(_ optimiser: AdamW, steps: Range<Int>) {
    for step in steps {
      for parameter in optimiser.parameters {
        parameter.gradient = .random(parameter.value.shape, seed: UInt64(step + 10))
      }
      optimiser.step(rate: 0.1)
    }
  }

  @Test(arguments: [("adamw", nil), ("adamw.clipped", 0.7)] as [(String, Float?)])
  func movesAsPyTorchDoes(_ name: String, _ maximumNorm: Float?) throws {
    let golden = try SafeTensorsFile(path: fixture("Goldens/adamw.safetensors"))
    let weight = Parameter("w", try golden.tensor("\(name)/w"))
    let bias = Parameter("b", try golden.tensor("\(name)/b"), decays: false)
    let optimiser = AdamW(
      [weight, bias], beta1: 0.8, beta2: 0.95, epsilon: 1e-3, decay: 0.2, maximumNorm: maximumNorm)
    for step in 0..<3 {
      weight.gradient = try golden.tensor("\(name)/\(step).gw")
      bias.gradient = try golden.tensor("\(name)/\(step).gb")
      optimiser.step(rate: 0.1)
      expectClose(weight.value, try golden.tensor("\(name)/\(step).w"))
      expectClose(bias.value, try golden.tensor("\(name)/\(step).b"))
      #expect(weight.gradient == nil && bias.gradient == nil)
    }
  }

  /// Whatever the gradient's size, the first step has the length of the rate.
  @Test func firstStepByHand() {
    let parameter = Parameter("a", Tensor([2], [1, 1]))
    parameter.gradient = Tensor([2], [1000, -0.5])
    AdamW([parameter], decay: 0).step(rate: 0.25)
    expectClose(parameter.value, Tensor([2], [0.75, 1.25]))
    // Decay alone: 1 - 0.25 x 0.5 of the weight is left.
    let still = Parameter("b", Tensor([1], [2]))
    still.gradient = Tensor([1], [0])
    AdamW([still], decay: 0.5).step(rate: 0.25)
    expectClose(still.value, Tensor([1], [1.75]))
  }

  @Test func goesOnFromItsState() throws {
    let whole = AdamW(parameters())
    run(whole, steps: 0..<5)
    let first = AdamW(parameters())
    run(first, steps: 0..<3)
    let second = AdamW(first.parameters)
    try second.restore(first.state)
    run(second, steps: 3..<5)
    for (a, b) in zip(whole.parameters, second.parameters) {
      #expect(a.value.isIdentical(to: b.value))
    }
    #expect(whole.state.count == 6 && whole.state[0].name == "kernel.weight.steps")
  }

  @Test func stateOfAnotherModelOrOptimiserIsRefused() {
    let (optimiser, one) = (AdamW(parameters()), Tensor(zeros: [4]))
    for state in [
      [("bais.first", one)], [("bias.first", Tensor(zeros: [5]))], [("bias.first", one)],
      [("bias", one)],
      [("bias.steps", Tensor(scalar: 0)), ("bias.first", one), ("bias.second", one)],
    ] as [[(name: String, value: Tensor)]] {
      #expect(throws: InputError.self) { try optimiser.restore(state) }
    }
  }
}
