import Support
import Tensors
import Testing

@Suite struct OptimizerTests {
  private func parameters() -> [Parameter] {
    [
      Parameter("kernel", .random([3, 4], seed: 1)),
      Parameter("bias", .random([4], seed: 2), decays: false),
      Parameter("frozen", .random([2], seed: 3), isTrained: false),
    ]
  }

  private func run(_ optimiser: SGD, steps: Range<Int>) {
    for step in steps {
      for parameter in optimiser.parameters {
        parameter.gradient = .random(parameter.value.shape, seed: UInt64(step + 10))
      }
      optimiser.step(rate: 0.1)
    }
  }

  @Test func goesOnFromItsState() throws {
    let whole = SGD(parameters(), decay: 0.1)
    run(whole, steps: 0..<5)
    let first = SGD(parameters(), decay: 0.1)
    run(first, steps: 0..<3)
    let second = SGD(first.parameters, decay: 0.1)
    try second.restore(first.state)
    run(second, steps: 3..<5)
    for (a, b) in zip(whole.parameters, second.parameters) {
      #expect(a.value.isIdentical(to: b.value))
    }
    #expect(whole.state.map(\.name) == ["kernel", "bias"])
  }

  @Test func theUntrainedAndTheUntouchedStay() {
    let all = parameters()
    let before = all.map(\.value)
    let optimiser = SGD(all, decay: 0.5)
    all[2].gradient = before[2]
    #expect(optimiser.gradientNorm == 0)
    optimiser.step(rate: 1)
    for (parameter, value) in zip(all, before) { #expect(parameter.value.isIdentical(to: value)) }
    #expect(optimiser.state.isEmpty)
  }

  /// Without momentum and decay, a gradient (3, 4) clipped to length 1 moves by (0.6, 0.8).
  @Test func clipsAllGradientsTogether() {
    let (a, b) = (Parameter("a", Tensor([1], [0])), Parameter("b", Tensor([1], [0])))
    let optimiser = SGD([a, b], momentum: 0, maximumNorm: 1)
    (a.gradient, b.gradient) = (Tensor([1], [3]), Tensor([1], [4]))
    #expect(optimiser.gradientNorm == 5)
    optimiser.step(rate: 1)
    expectClose(a.value, Tensor([1], [-0.6]))
    expectClose(b.value, Tensor([1], [-0.8]))
    a.gradient = Tensor([1], [.nan])
    #expect(!optimiser.gradientNorm.isFinite)
    optimiser.clearGradients()
    #expect(optimiser.gradientNorm == 0)
  }

  @Test func aParameterSharedWithATensorIsNotOverwritten() {
    let parameter = Parameter("a", Tensor([1], [1]))
    let kept = parameter.value
    parameter.gradient = Tensor([1], [1])
    SGD([parameter]).step(rate: 1)
    #expect(kept.array == [1] && parameter.value.array == [0])
  }

  @Test func stateOfAnotherModelIsRefused() {
    let optimiser = SGD(parameters())
    #expect(throws: InputError.self) {
      try optimiser.restore([("kernle", Tensor(zeros: [3, 4]))])
    }
    #expect(throws: InputError.self) { try optimiser.restore([("bias", Tensor(zeros: [5]))]) }
  }

  @Test func schedules() {
    let steps = Schedule(
      rate: 0.32, warmup: 1000, warmupRate: 0.0032, decay: .milestones([5000, 7000], factor: 0.1))
    #expect(steps.rate(at: 0) == 0.0032)
    #expect(abs(steps.rate(at: 500) - 0.1616) < 1e-6)
    #expect(steps.rate(at: 1000) == 0.32 && steps.rate(at: 4999) == 0.32)
    #expect(abs(steps.rate(at: 5000) - 0.032) < 1e-8)
    #expect(abs(steps.rate(at: 9000) - 0.0032) < 1e-8)
    let cosine = Schedule(rate: 2, warmup: 10, decay: .cosine(end: 110))
    #expect(cosine.rate(at: 0) == 0 && cosine.rate(at: 5) == 1 && cosine.rate(at: 10) == 2)
    #expect(abs(cosine.rate(at: 60) - 1) < 1e-6)
    #expect(cosine.rate(at: 110) == 0 && cosine.rate(at: 1000) == 0)
    #expect(Schedule(rate: 3).rate(at: 0) == 3)
  }
}
