import Datasets
import Foundation
import Support
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#endif

extension EndToEnd {
  @Suite struct EvaluationTests {
    private let place: Place

    init() throws { place = try FinishedRun.shared.get().place }

    /// The student of a pipeline on another data set, by the names of its categories: one it was
    /// trained on, and one nobody ever named.
    @Test func transferByNames() throws {
      try withPlace { place in
        try place.copyFinished("propose", "cache", "distill")
        let other = "\(place.folder)/other"
        try Files.createFolder("\(other)/Annotations")
        for id in 101...102 {
          let page = """
            <annotation><filename>\(id).jpg</filename>
              <size><width>96</width><height>72</height></size>
              <object><name>red block</name>
                <bndbox><xmin>5</xmin><ymin>6</ymin><xmax>30</xmax><ymax>30</ymax></bndbox></object>
              <object><name>umbrella</name><difficult>0</difficult>
                <bndbox><xmin>36</xmin><ymin>6</ymin><xmax>60</xmax><ymax>30</ymax></bndbox></object>
            </annotation>
            """
          try Files.write(Data(page.utf8), to: "\(other)/Annotations/\(id).xml")
        }
        let target = ["--on", "\(other)/Annotations", "--images", "\(place.data)/val"]
        let outcome = try place.run("evaluate", target[0], target[1], target[2], target[3])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output.hasPrefix("Pascal VOC box AP, IoU 0.50, all detections, area"))
        #expect(outcome.output.contains("2 images, "))
        let groups = outcome.output.split(separator: "\n").map {
          $0.split(separator: " ").prefix(3)
        }
        #expect(groups.contains(["base", "1", "1"]) && groups.contains(["novel", "1", "1"]))
        // Another protocol needs no detection anew.
        let again = try place.run(
          "evaluate", target[0], target[1], target[2], target[3], "--protocol", "coco")
        #expect(again.status == 0 && again.output.hasPrefix("COCO box AP, IoU 0.50:0.95"))
        _ = try place.output("evaluate")
      }
    }

    @Test func theReportIsWrittenAndProtocolsAreChosen() throws {
      try withTemporaryFolder { folder in
        let results = "\(try place.output("evaluate"))/detections.json"
        let outcome = try Vild.run(
          "evaluate", "--detections", results, "--annotations", "\(place.data)/val.json",
          "--protocol", "voc2007", "--report", "\(folder)/report.json", "--timing")
        #expect(outcome.status == 0 && outcome.output.contains("11 points"))
        #expect(outcome.messages.count == 1 && outcome.messages[0].hasPrefix("read in "))
        let report = try JSONSerialization.jsonObject(with: Files.read("\(folder)/report.json"))
        #expect((report as? [String: Any])?["version"] as? Int == 1)
        let wrong = try Vild.run(
          "evaluate", "--detections", results, "--annotations", "\(place.data)/val.json",
          "--protocol", "lvis")
        #expect(wrong.status == 65)
        #expect(wrong.complaints.count == 1 && wrong.complaints[0].contains("neg_category_ids"))
      }
    }

    /// Reading annotations takes less memory than their file: outlines stay where they are.
    @Test func aLargeFileTakesLittleMemory() throws {
      try withTemporaryFolder { folder in
        let path = "\(folder)/large.json"
        let corners = (0..<200).map { "\(($0 * 37) % 600).25" }.joined(separator: ", ")
        var parts = [
          """
          {"categories": [{"id": 1, "name": "a"}],
           "images": [{"id": 1, "file_name": "1.jpg", "width": 640, "height": 600}], "annotations": [
          """
        ]
        for id in 1...80_000 {
          parts.append(
            (id == 1 ? "" : ",\n")
              + "{\"id\": \(id), \"image_id\": 1, \"category_id\": 1, \"bbox\": [1, 2, 3, 4.5]"
              + ", \"area\": 9.5, \"iscrowd\": 0, \"segmentation\": [[\(corners)]]}")
        }
        parts.append("]}")
        let data = Data(parts.joined().utf8)
        #expect(data.count > 100 << 20)
        try Files.write(data, to: path)
        try Files.write(Data("[]".utf8), to: "\(folder)/none.json")
        let peak = try Self.peakBytes([
          "evaluate", "--annotations", path, "--detections", "\(folder)/none.json",
        ])
        #expect(peak < data.count * 2 / 3, "\(peak >> 20) MiB for \(data.count >> 20) MiB")
      }
    }

    /// The largest resident memory of a run of the program, as the system told it last.
    private static func peakBytes(_ arguments: [String]) throws -> Int {
      let program = try Vild(arguments)
      var peak = 0
      while program.isRunning {
        let status = try? String(
          contentsOfFile: "/proc/\(program.identifier)/status", encoding: .utf8)
        let line = status?.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        peak = line.flatMap { Int($0.filter(\.isNumber)) } ?? peak
        usleep(2000)
      }
      #expect(program.ended().status == 0 && peak > 0)
      return peak * 1024
    }
  }
}
