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

  /// Of a parameter that is read twice only when both have their gradients.
  @Test func aGradientIsFinalOnce() {
    let (a, b, unread) = (Parameter("a", x), Parameter("b", x), Parameter("unread", x))
    let tape = Tape()
    let first = add(a(on: tape), scale(b(on: tape), by: 2))
    let loss = sum(add(first, scale(a(on: tape), by: 3)))
    #expect(tape.reads(a) && tape.reads(b) && !tape.reads(unread))
    var final: [String: [Float]] = [:]
    tape.backward(loss) { parameter in
      #expect(final.updateValue(parameter.gradient?.array ?? [], forKey: parameter.name) == nil)
    }
    #expect(final == ["a": [4, 4], "b": [2, 2]])
  }

  @Test func runningStatisticsMove() {
    let statistic = Parameter("mean", x, isTrained: false)
    for keeps in [false, true] {
      statistic.value = x
      let tape = Tape(keepsMoves: keeps)
      tape.move(statistic, toward: Tensor([2], [1, 4]), keeping: 0.75)
      tape.move(statistic, toward: Tensor([2], [0, 0]), keeping: 0.5)
      #expect(statistic.value.array == [1.25, -1])
      #expect(tape.moves.count == (keeps ? 2 : 0))
      statistic.value = x
      tape.moves.forEach { $0.apply() }
      #expect(statistic.value.array == (keeps ? [1.25, -1] : [3, -4]))
    }
  }

  @Test func unusedBranchesGetNothing() {
    let tape = Tape()
    let (v, unused) = (tape.variable(x), tape.variable(x))
    _ = scale(unused, by: 3)
    tape.backward(sum(v))
    #expect(unused.gradient == nil)
  }
}
