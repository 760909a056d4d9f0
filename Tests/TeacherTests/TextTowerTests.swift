import Support
import Teacher
import Tensors
import Testing

@Suite struct TextTowerTests {
  /// Prompts "a" and "aaa" are (1, 1) and (1, 3): unit vectors (0.7071, 0.7071) and
  /// (0.3162, 0.9487), whose sum (1.0233, 1.6558) has length 1.9465.
  @Test func meanOfUnitVectorsByHand() throws {
    let rows = try Letters().embed(names: ["a"], with: PromptTemplates(["{}", "a{}a"])).array
    #expect(abs(rows[0] - 1.0233 / 1.9465) < 1e-4 && abs(rows[1] - 1.6558 / 1.9465) < 1e-4)
  }

  /// More texts than one batch, of several lengths, with repetitions.
  @Test func rowsAreTheNamesInOrder() throws {
    let names = (0..<200).map { String(repeating: ["a", "b", "c"][$0 % 3], count: 1 + $0 % 6) }
    let rows = try Letters().embed(names: names, with: PromptTemplates(["{}"])).array
    for (i, name) in names.enumerated() {
      let (x, y) = (Float(name.utf8.first!) - 96, Float(name.count))
      #expect(abs(rows[2 * i] - x / (x * x + y * y).squareRoot()) < 1e-6)
    }
  }

  @Test func aNameThatDoesNotFitIsNamedNotCut() throws {
    let templates = try PromptTemplates(["{}", "a{}"])
    #expect(try Letters().embed(names: ["abcde"], with: templates).shape == [1, 2])
    let error = #expect(throws: InputError.self) {
      try Letters().embed(names: ["a", "abcdef"], with: templates)
    }
    #expect(error?.what.contains("'abcdef'") == true)
    #expect(error?.kind == .badData)
    #expect(error?.expected == "at most 6 tokens in a prompt" && error?.got == "7")
  }
}
