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

  /// A figure of always the same value has no curve, but its value is told; one of a single step may
  /// yet change.
  @Test func constantsAreLeftOut() throws {
    try withTemporaryFolder { folder in
      let lines = (0..<1000).map {
        "{\"step\":\($0),\"distilled\":16,\"left_out\":\($0 == 999 ? 1 : 0),\"loss\":\(1000 - $0)}\n"
      }
      let log = lines.joined() + "{\"step\":999,\"evaluation\":{\"AP50_novel\":0.25}}\n"
      try Files.write(Data(log.utf8), to: "\(folder)/log.jsonl")
      let curves = try TrainingLog.curves(path: "\(folder)/log.jsonl")
      #expect(curves.diagrams.map(\.name) == ["loss", "evaluation: AP50_novel", "left_out"])
      #expect(curves.unchanged == ["distilled 16"])

      let resumed = try TrainingLog(folder: folder, from: 1000)
      try resumed.draw(title: "student")
      let picture = String(decoding: try Files.read("\(folder)/curves.svg"), as: UTF8.self)
      #expect(picture.contains("; unchanged: distilled 16</tspan>"))
      #expect(
        picture.contains("<title>Average precision at IoU 0.50 over novel categories of the "))
      #expect(picture.contains("<title>What training makes small"))
    }
  }

  @Test func namesAreExplained() {
    #expect(TrainingFigure.explanation(of: "image")?.hasPrefix("ViLD-image: the distance") == true)
    #expect(
      TrainingFigure.explanation(of: "evaluation: AP_base")?.contains("base categories") == true)
    for name in ["evaluation: AP", "evaluation: speed_base", "something"] {
      #expect(TrainingFigure.explanation(of: name) == nil)
    }
  }
}
