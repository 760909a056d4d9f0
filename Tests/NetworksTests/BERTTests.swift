import Foundation
import Networks
import Support
import Tensors
import TestSupport
import Testing

@Suite struct BERTTests {
  let golden: SafeTensorsFile
  let bert: BERT

  init() throws {
    golden = try SafeTensorsFile(path: fixture("Goldens/bert-tiny.safetensors"))
    bert = try BERT.load(
      try BERTConfiguration(path: fixture("Goldens/bert-tiny.json")), from: golden)
  }

  /// Three sequences of 12, 5 and 1 tokens in one padded batch.
  @Test func hiddenStatesAreThoseOfPyTorch() throws {
    let ids = try golden.integers("golden.ids")
    let lengths = try golden.integers("golden.lengths")
    let sequences = lengths.enumerated().map { Array(ids[$0 * 12..<$0 * 12 + $1]) }
    let hidden = bert(sequences).value.reshaped([3 * 12, 24])
    let expected = try golden.tensor("golden.hidden").reshaped([3 * 12, 24])
    for (row, length) in lengths.enumerated() {
      let real = row * 12..<row * 12 + length
      #expect(hidden.rows(real).distance(to: expected.rows(real)) < 1e-5)
    }
    #expect(bert([sequences[1]]).value.reshaped([5, 24]).distance(to: hidden.rows(12..<17)) < 1e-5)
  }

  @Test func everyTensorOfACheckpointHasItsParameter() {
    let stored = golden.names.filter { !$0.hasPrefix("golden.") }
    #expect(bert.parameters.map(\.name).sorted() == stored)
  }

  @Test(arguments: [
    (#""hidden_act": "gelu""#, #""hidden_act": "relu""#, "hidden_act"),
    (#""hidden_size": 24"#, #""hidden_size": 25"#, "num_attention_heads"),
    (#""num_hidden_layers": 2"#, #""num_hidden_layers": -2"#, "num_hidden_layers"),
    (#""vocab_size": 50,"#, "", "vocab_size"),
    (#""vocab_size": 50"#, #""vocab_size": "50""#, "vocab_size"),
  ])
  func anUnusableConfigurationNamesItsKey(from: String, to: String, key: String) throws {
    let text = try String(contentsOfFile: fixture("Goldens/bert-tiny.json"), encoding: .utf8)
    let changed = text.replacingOccurrences(of: from, with: to)
    #expect(changed != text)
    try withTemporaryFolder { folder in
      try Files.write(Data(changed.utf8), to: "\(folder)/config.json")
      let error = #expect(throws: InputError.self) {
        try BERTConfiguration(path: "\(folder)/config.json")
      }
      #expect(error?.what.contains(key) == true && error?.place == "\(folder)/config.json")
    }
  }

  @Test func aTensorOfAnotherShapeIsNamed() throws {
    var longer = bert.configuration
    longer.positions = 13
    let error = #expect(throws: InputError.self) { try BERT.load(longer, from: golden) }
    #expect(error?.what.contains("position_embeddings") == true)
    #expect(error?.expected == "[13, 24]" && error?.got == "[12, 24]")
  }
}
