import Detection
import Foundation
import Regions
import Support
import TestSupport
import Testing

/// What a detections file says of parents, attributes and cosines.
@Suite struct AskedMembersTests {
  private let header = DetectionFile.Header(
    fingerprint: "f", categories: ["cat", "beagle", "poodle"],
    parents: ["beagle": "dog \"x\"", "poodle": "dog \"x\""], attributes: ["red", "blau, é"])

  private let box = Box(x0: 1, y0: 2, x1: 3, y1: 5)

  private var detections: [Detection] {
    [
      Detection(
        box: box, category: 2, score: 0.375,
        attribute: .init(index: 1, probability: 0.75, categoryProbability: 0.5),
        parentProbability: 0.625, cosine: .init(text: 0.25, image: -0.125)),
      Detection(
        box: box, category: 0, score: 0.0625,
        attribute: .init(index: 0, probability: 0.25, categoryProbability: 0.25),
        cosine: .init(image: 1)),
    ]
  }

  /// Calls `body` with a file of one image with `detections`.
  private func withFile(_ body: (_ path: String) throws -> Void) throws {
    try withTemporaryFolder { folder in
      let path = "\(folder)/d.jsonl"
      try write(to: path)
      try body(path)
    }
  }

  /// Lets go of the file at its end.
  private func write(to path: String) throws {
    let writer = try DetectionFile.Writer(path: path, header: header)
    try writer.append(
      .init(image: "a.jpg", id: 1, outcome: .detected(detections, width: 9, height: 9)))
    try writer.sync()
  }

  private func read(_ path: String) throws -> [Detection] {
    let reader = try DetectionFile.Reader(path: path)
    #expect(reader.header == header)
    guard case .detected(let found, _, _)? = try reader.next()?.outcome else { return [] }
    return found
  }

  @Test func givesBackWhatWasWritten() throws {
    try withFile { path in
      #expect(try read(path) == detections)
      let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
      #expect(
        lines[0].hasPrefix(
          #"{"format":"vild-detections","version":3,"fingerprint":"f","categories":["cat","#
            + #""beagle","poodle"],"parents":{"beagle":"dog \"x\"","poodle":"dog \"x\""},"#
            + #""attributes":["red","blau, é"],"xxh3":"#))
      #expect(
        lines[1].contains(
          #""detections":[{"category":"poodle","parent":"dog \"x\"","attribute":"blau, é","#
            + #""bbox":[1.0,2.0,2.0,3.0],"score":0.375,"probabilities":{"category":0.5,"#
            + #""parent":0.625,"attribute":0.75},"cosine":{"text":0.25,"image":-0.125}},"#
            + #"{"category":"cat","attribute":"red","bbox":[1.0,2.0,2.0,3.0],"score":0.0625,"#
            + #""probabilities":{"category":0.25,"attribute":0.25},"cosine":{"image":1.0}}],"xxh3""#
        ))
      // A run that goes on finds its own file.
      let writer = try DetectionFile.Writer(path: path, header: header)
      #expect(writer.done == [1])
    }
  }

  @Test func anotherListIsAnotherRun() throws {
    try withFile { path in
      for change: (inout DetectionFile.Header) -> Void in [
        { $0.attributes = [] }, { $0.attributes.reverse() }, { $0.parents["cat"] = "pet" },
      ] {
        var other = header
        change(&other)
        let error = #expect(throws: InputError.self) {
          _ = try DetectionFile.Writer(path: path, header: other)
        }
        #expect(error?.what == "the file holds the detections of another run")
      }
    }
  }

  @Test(arguments: [
    (#""parent":"dog \"x\"""#, #""parent":"wolf""#, "parent"),
    (#""parent":"dog \"x\"","#, "", "parent"),
    (#""parent":0.625,"#, "", "parent"),
    (#""attribute":"blau, é""#, #""attribute":"green""#, "attribute"),
    (#""attribute":"blau, é","#, "", "attribute"),
    (#","attribute":0.75"#, "", "probabilities"),
    (#""probabilities":{"category":0.5,"#, #""probabilities":{"#, "probabilities"),
    (#""parent":0.625"#, #""parent":1.5"#, "probabilities.parent"),
    (#""text":0.25"#, #""text":-1.25"#, "cosine.text"),
  ])
  func aReaderChecksEveryValue(old: String, new: String, member: String) throws {
    try withFile { path in
      let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
      let line = String(
        decoding: try SealedJSON.opened(Array(lines[1].utf8), at: path), as: UTF8.self)
      let range = try #require(line.range(of: old))
      let changed = SealedJSON.sealed(line.replacingCharacters(in: range, with: new))
      try Files.write(Data("\(lines[0])\n\(changed)\n".utf8), to: path)
      let error = #expect(throws: InputError.self) { _ = try read(path) }
      #expect(error?.place == "\(path) line 2: detections[0].\(member)")
    }
  }

  @Test(arguments: [
    (#""parents":{"beagle""#, #""parents":{"beagel""#, "a parent of no category"),
    (#"["red","blau, é"]"#, #"["red","red"]"#, "an attribute is given twice"),
    (#""version":3"#, #""version":2"#, "another version of the format"),
  ])
  func aReaderChecksTheHeader(old: String, new: String, what: String) throws {
    try withFile { path in
      let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
      let line = String(
        decoding: try SealedJSON.opened(Array(lines[0].utf8), at: path), as: UTF8.self)
      let range = try #require(line.range(of: old))
      let changed = SealedJSON.sealed(line.replacingCharacters(in: range, with: new))
      try Files.write(Data("\(changed)\n\(lines[1])\n".utf8), to: path)
      let error = #expect(throws: InputError.self) { _ = try DetectionFile.Reader(path: path) }
      #expect(error?.what == what && error?.place == "\(path) line 1")
    }
  }
}
