import Evaluation
import Foundation
import Support
import TestSupport
import Testing

@Suite struct CategoryThresholdsTests {
  private func read(_ text: String) throws -> CategoryThresholds {
    try withTemporaryFolder { folder in
      try Files.write(Data(text.utf8), to: "\(folder)/t.json")
      return try CategoryThresholds(path: "\(folder)/t.json")
    }
  }

  @Test func whatIsWrittenIsRead() throws {
    let thresholds = CategoryThresholds(
      target: "precision 0.9",
      all: .init(score: 0.5, precision: 0.9, recall: 0.25, truths: 40),
      categories: ["cat": .init(score: nil, truths: 30)])
    let text = String(decoding: try thresholds.json(), as: UTF8.self)
    #expect(try read(text) == thresholds)
    #expect(text.contains("\"score\" : null"))
  }

  @Test func numbersAreEnoughByHand() throws {
    let found = try read(#"{"all": 0.5, "categories": {"cat": 0.25, "dog": {"score": null}}}"#)
    #expect(["cat", "dog", "cow"].map { found.score(of: $0, or: 0.1) } == [0.25, .infinity, 0.5])
    let without = try read(#"{"categories": {"cat": 1}}"#)
    #expect(["cat", "dog"].map { without.score(of: $0, or: 0.1) } == [1, 0.1])
  }

  @Test(arguments: [
    (#"{"categories": {"cat": 1.5}}"#, "categories.cat: expected 0 to 1, got 1.5"),
    (#"{"categories": {"cat": {}}}"#, "categories.cat.score: expected a score in 0...1"),
    (#"{"categories": {"cat": {"score": 1, "sore": 2}}}"#, "categories.cat: unknown key 'sore'"),
    (#"{"al": 0.5}"#, "unknown key 'al', expected one of format, version"),
    (#"{"format": "x", "all": 1}"#, "format: expected vild-thresholds, got 'x'"),
    (#"{"version": 2, "all": 1}"#, "version: expected 1, got 2"),
    ("{}", "categories: neither 'all' nor a category has a score"), ("cat 0.5", "JSON"),
  ])
  func whatIsWrongIsNamed(text: String, part: String) throws {
    #expect {
      try read(text)
    } throws: { error in
      guard let error = error as? InputError else { return false }
      return error.kind == .badData && "\(error)".contains("not a thresholds file")
        && "\(error)".contains(part)
    }
  }
}
