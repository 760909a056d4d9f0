import Tensors
import Testing

/// What is recorded, and where gradients go.
@Suite struct TapeTests {
  let x = Tensor([2], [3, -4])

  private func sum(_ x: Variable) -> Variable {
    let count = x.value.count
    return reshape(
      linear(
        reshape(x, [1, count]), Variable(Tensor([count, 1], Array(repeating: 1, count: count)))),
      [])
  }

  @Test func aValueUsedTwiceGetsBothGradients() {
    let tape = Tape()
    let v = tape.variable(x)
    // 2 v + (v + v), so 4 for each element.
    tape.backward(sum(add(scale(v, by: 2), add(v, v))))
    #expect(v.gradient?.array == [4, 4])
    #expect(v.value.array == [3, -4])
  }

  @Test func nothingFlowsThroughADetachedValue() {
    let tape = Tape()
    let v = tape.variable(x)
    tape.backward(sum(add(v, scale(v, by: 5).detached)))
    #expect(v.gradient?.array == [1, 1])
  }

  @Test func constantsAreNotRecorded() {
    let tape = Tape()
    let y = scale(tape.constant(x), by: 2)
    #expect(!y.needsGradient)
    #expect(y.tape === tape)
    #expect(scale(Variable(x), by: 2).tape == nil)
    tape.backward(sum(y))
  }

  @Test func parametersAddUpOverPasses() {
    let parameter = Parameter("w", x)
    for pass in 1...2 {
      let tape = Tape()
      let w = parameter(on: tape)
      tape.backward(sum(add(w, scale(parameter(on: tape), by: 2))))
      #expect(parameter.gradient?.array == [3 * Float(pass), 3 * Float(pass)])
    }
    #expect(parameter(on: nil).tape == nil)
  }

  @Test func untrainedParametersGetNothing() {
    let parameter = Parameter("w", x, isTrained: false)
    let tape = Tape()
    let v = tape.variable(x)
    tape.backward(sum(add(parameter(on: tape), v)))
    #expect(parameter.gradient == nil)
    #expect(v.gradient?.array == [1, 1])
  }

  @Test func unusedBranchesGetNothing() {
    let tape = Tape()
    let (v, unused) = (tape.variable(x), tape.variable(x))
    _ = scale(unused, by: 3)
    tape.backward(sum(v))
    #expect(unused.gradient == nil)
  }
}
