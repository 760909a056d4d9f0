import Distillation
import Foundation
import Support
import TestSupport
import Testing

@Suite struct TrainingCurvesTests {
  /// Steps, an evaluation, a figure that was not finite, and the last line, which is no figure.
  @Test func diagramsOfALog() throws {
    try withTemporaryFolder { folder in
      let log = """
        {"step":0,"loss":3,"text":2}
        {"step":1,"loss":2.5,"text":null}
        {"step":1,"evaluation":{"AP_all":0.25}}
        {"step":2,"peak_resident_bytes":1000}

        """
      try Files.write(Data(log.utf8), to: "\(folder)/log.jsonl")
      let diagrams = try TrainingLog.curves(path: "\(folder)/log.jsonl").diagrams
      #expect(diagrams.map(\.name) == ["loss", "evaluation: AP_all", "text"])
      // A line of two points, and a marked point for the evaluation.
      #expect(diagrams[0].svg.contains(">loss <tspan fill=\"#555\">2.5</tspan>"))
      #expect(!diagrams[0].svg.contains("<circle"))
      #expect(diagrams[1].svg.contains("<circle"))
      #expect(
        diagrams.allSatisfy { $0.svg.hasPrefix("<svg viewBox=\"0 0 340.0 180.0\" role=\"img\"") })
    }
  }
}
