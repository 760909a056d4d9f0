import Foundation
import Support
import TestSupport
import Testing
import Training

@Suite struct TrainingCurvesTests {
  /// Lines with their checksums.
  private func sealed(_ log: String) -> Data {
    Data(log.split(separator: "\n").map { SealedJSON.sealed(String($0)) + "\n" }.joined().utf8)
  }

  /// A damaged line is named; training goes on without it, and so does a log that is mended.
  @Test func damagedLines() throws {
    try withTemporaryFolder { folder in
      let path = "\(folder)/log.jsonl"
      let lines = (0..<5).map { "{\"step\":\($0),\"loss\":\(9 - $0)}\n" }
      var log = sealed(lines.joined())
      let place = try #require(log.range(of: Data("\"loss\":8".utf8))).upperBound - 1
      log[place] ^= 1
      try Files.write(log, to: path)
      let error = #expect(throws: InputError.self) { try TrainingLog.read(path: path) }
      #expect(error?.place == "\(path) line 2")
      #expect(error?.description.contains("does not have the checksum") == true)

      let resumed = try TrainingLog(folder: folder, from: 4)
      #expect(resumed.damage.count == 1 && resumed.damage[0].hasPrefix("\(path) line 2 "))
      #expect(resumed.sums == ["loss": 22])
      #expect(try Outputs.lines(folder).count == 3)

      // What a kill left of a last line is nobody's damage.
      try Files.write(log.dropLast(20), to: path)
      #expect(try TrainingLog.mend(folder: folder, kind: "student").count == 1)
      #expect(try TrainingLog.read(path: path).warnings.isEmpty)
      let picture = String(decoding: try Files.read("\(folder)/curves.svg"), as: UTF8.self)
      #expect(picture.contains("student, 4 of 4 steps"))
    }
  }

  /// Steps, an evaluation, a figure that was not finite, and the last line, which is no figure.
  @Test func diagramsOfALog() throws {
    try withTemporaryFolder { folder in
      let log = """
        {"step":0,"loss":3,"text":2}
        {"step":1,"loss":2.5,"text":null}
        {"step":1,"evaluation":{"AP_all":0.25}}
        {"step":2,"peak_resident_bytes":1000}

        """
      try Files.write(sealed(log), to: "\(folder)/log.jsonl")
      let diagrams = try TrainingLog.read(path: "\(folder)/log.jsonl").curves.diagrams
      #expect(diagrams.map(\.name) == ["loss", "evaluation: AP_all", "text"])
      // A line of two points, and a marked point for the evaluation.
      #expect(diagrams[0].svg.contains(">loss <tspan fill=\"#555\">2.5</tspan>"))
      #expect(!diagrams[0].svg.contains("<circle"))
      #expect(diagrams[1].svg.contains("<circle"))
      #expect(
        diagrams.allSatisfy { $0.svg.hasPrefix("<svg viewBox=\"0 0 340.0 180.0\" role=\"img\"") })
    }
  }

  /// Figures of other choices are not compared: the last choices' are drawn.
  @Test func evaluationsByOtherChoicesAreLeftOut() throws {
    try withTemporaryFolder { folder in
      let log = """
        {"step":0,"loss":3}
        {"step":0,"evaluation":{"AP_all":0.25},"inputs":"a"}
        {"step":1,"loss":2}
        {"step":1,"evaluation":{"AP_all":0.75},"inputs":"b"}

        """
      try Files.write(sealed(log), to: "\(folder)/log.jsonl")
      let diagrams = try TrainingLog.read(path: "\(folder)/log.jsonl").curves.diagrams
      let evaluation = try #require(diagrams.first { $0.name == "evaluation: AP_all" })
      #expect(evaluation.svg.contains("<tspan fill=\"#555\">0.75</tspan>"))
      #expect(evaluation.svg.components(separatedBy: "<circle").count == 2, "one point")
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
      try Files.write(sealed(log), to: "\(folder)/log.jsonl")
      let curves = try TrainingLog.read(path: "\(folder)/log.jsonl").curves
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
    #expect(TrainingFigure.explanation(of: "top1")?.hasPrefix("How often a crop's own") == true)
    #expect(
      TrainingFigure.explanation(of: "evaluation: AP_base")?.contains("base categories") == true)
    for name in ["evaluation: AP", "evaluation: speed_base", "something"] {
      #expect(TrainingFigure.explanation(of: name) == nil)
    }
  }

  /// What the image loss is compared with lies in its diagram, to its scale: the frame, 116 units high
  /// below 30, is from 2 to 10.
  @Test func baselinesAreDashed() throws {
    try withTemporaryFolder { folder in
      let log = """
        {"step":0,"image_loss_baselines":{"mean_embedding":8,"image_mean_embedding":2}}
        {"step":0,"image":10,"loss":3}
        {"step":1,"image":4,"loss":2.5}
        {"step":1,"warning":"too slow; look at \\"rate\\""}
        {"step":2,"image":5,"loss":2}

        """
      try Files.write(sealed(log), to: "\(folder)/log.jsonl")
      let (curves, warnings) = try TrainingLog.read(path: "\(folder)/log.jsonl")
      #expect(warnings == ["too slow; look at \"rate\""])
      #expect(curves.diagrams.map(\.name) == ["loss", "image"])
      #expect(!curves.diagrams[0].svg.contains("dasharray"))
      let lines = curves.diagrams[1].svg.split(separator: "\n")
      let dashed = lines.filter { $0.contains("dasharray") }
      #expect(dashed.count == 2)
      #expect(dashed[0].contains("M68.0 59.0h") && dashed[1].contains("M68.0 146.0h"))
      let text = curves.diagrams[1].svg
      #expect(text.contains(">mean_embedding 8<") && text.contains(">image_mean_embedding 2<"))
      // The points 10, 4 and 5 on the same scale.
      #expect(text.contains("68.0,30.0 194.0,117.0 320.0,102.5"))
    }
  }
}
