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

  /// The products of a split batch, played back from a loss on another tape, add up to the whole.
  @Test func tapesThatKeepGradientsAddUp() throws {
    let weight = Parameter("w", .random([3, 2], seed: 1))
    let x = Tensor.random([4, 3], seed: 2)
    let whole = Tape()
    whole.backward(
      crossEntropy(linear(whole.constant(x), weight(on: whole)), labels: [0, 1, 1, 0]))
    let expected = try #require(weight.gradient)
    weight.gradient = nil

    let tapes = (0..<2).map { _ in Tape(keepsGradients: true) }
    let parts = zip(tapes, [0..<2, 2..<4]).map { tape, rows in
      linear(tape.constant(x.rows(rows)), weight(on: tape))
    }
    let top = Tape()
    let logits = top.variable(Tensor(rows: parts.map(\.value)))
    top.backward(crossEntropy(logits, labels: [0, 1, 1, 0]))
    let gradient = try #require(logits.gradient)
    for (number, tape) in tapes.enumerated() {
      tape.backward(from: [(parts[number], gradient.rows(2 * number..<2 * number + 2))])
      weight.add(try #require(tape.gradients["w"]))
    }
    expectClose(try #require(weight.gradient), expected)
  }

  @Test func aParameterUsedTwiceKeepsTheSum() throws {
    let weight = Parameter("w", Tensor([1, 1], [3]))
    let tape = Tape(keepsGradients: true)
    tape.backward(reshape(linear(weight(on: tape), weight(on: tape)), []))
    #expect(tape.gradients["w"]?.array == [6] && weight.gradient == nil)
  }
}
