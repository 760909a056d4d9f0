import Pipeline
import Support
import Testing

/// Choices that each may be made, and together train no student.
@Suite struct StudentChoicesTests {
  private func check(_ student: String, _ others: String = "") throws {
    let text = shortestPipeline + "student: {\(student)}\n" + others
    try PipelineFile.parse(text, path: "p.yaml").checkStudent()
  }

  private static let repeating = "distillation: {training: {repeat_threshold: 0.1}}"

  @Test(arguments: [
    ("method: vild", ""), ("method: vild", "proposals: {file: boxes.json}"),
    ("method: vild, initial_weights: proposal_network", ""),
    ("method: supervised, labels: all", repeating), ("method: vild_text", repeating),
  ])
  func theseGoTogether(student: String, others: String) throws { try check(student, others) }

  @Test(arguments: [
    ("method: vild_text, labels: all", "", "novel categories would not be novel to the student"),
    (
      "method: vild", repeating,
      "images of rare categories are not repeated where a cache is read"
    ),
    (
      "initial_weights: proposal_network", "proposals: {file: boxes.json}",
      "the student cannot start from the proposal network"
    ),
    (
      "initial_weights: proposal_network",
      "proposals: {network: {detector: {pyramid: {channels: 8}}}}",
      "the student cannot start from the proposal network"
    ),
  ])
  func theseAreRefused(student: String, others: String, what: String) throws {
    let error = #expect(throws: InputError.self) { try check(student, others) }
    #expect(error?.what == what && error?.kind == .configuration)
  }

  /// What only the regions' heads have need not be the same in both.
  @Test func theProposalNetworkHasNoRegionHead() throws {
    try check(
      "initial_weights: proposal_network",
      "proposals: {network: {detector: {regions: {convolutions: 1}}}}")
  }
}
