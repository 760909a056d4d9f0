import Detection
import Foundation
import Regions
import Support
import TestSupport
import Testing

@Suite struct DetectionFileTests {
  private let header = DetectionFile.Header(
    fingerprint: "weights 1f, \"näive\"", categories: ["cat", "bat (animal)", "日本語 \"猫\" \\ 🐈"])

  /// Awkward names, no detections, a failure, coordinates without short decimals.
  private let rows: [DetectionFile.Row] = [
    .init(
      image: "a/été \"1\"\n.jpg", id: 7,
      outcome: .detected(
        [
          Detection(
            box: Box(x0: 0.1, y0: 1e-7, x1: 33.333332, y1: 1000.7), category: 2, score: 0.98765433,
            cosine: .init(text: 0.31, image: -1e-7)),
          Detection(
            box: Box(x0: 3, y0: 4, x1: 5, y1: 6), category: 0, score: 1e-12,
            mask: Mask(
              width: 640, height: 1001, polygons: [[3, 4, 5, 4, 5, 600, 3.5, 6, 3, 7]])),
        ], width: 640, height: 1001)),
    .init(image: "empty.png", id: 2, outcome: .detected([], width: 1, height: 1)),
    .init(
      image: "broken 🧨.jpg", id: 9_007_199_254_740_993,
      outcome: .failed(reason: "\u{301}truncated:\tafter 3 of 5 rows\u{0}\r\n")),
    .init(
      image: "last.jpg", id: 0,
      outcome: .detected(
        [Detection(box: Box(x0: 0, y0: 0, x1: 2, y1: 2), category: 1, score: 0.5)], width: 2,
        height: 2)),
  ]

  private func write(_ rows: [DetectionFile.Row], to path: String) throws {
    let writer = try DetectionFile.Writer(path: path, header: header)
    for row in rows where !writer.done.contains(row.id) { try writer.append(row) }
    try writer.sync()
  }

  private func readAll(_ path: String) throws -> [DetectionFile.Row] {
    let reader = try DetectionFile.Reader(path: path)
    #expect(reader.header == header)
    var rows: [DetectionFile.Row] = []
    while let row = try reader.next() { rows.append(row) }
    return rows
  }

  @Test func givesBackWhatWasWritten() throws {
    try withTemporaryFolder { folder in
      let path = "\(folder)/猫.jsonl"
      try write(rows, to: path)
      #expect(try readAll(path) == rows)
      let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
      #expect(lines.count == 5)
      let opened = try lines.map {
        String(decoding: try SealedJSON.opened(Array($0.utf8), at: path), as: UTF8.self)
      }
      #expect(
        opened[2]
          == #"{"image":"empty.png","id":2,"sha256":null,"width":1,"height":1,"status":"ok","detections":[]}"#
      )
      #expect(lines[3].contains(#""width":null,"height":null,"status":"failed:"#))
      #expect(lines[3].contains(#"truncated:\u0009after"#))
      #expect(
        opened[4].hasSuffix(
          #"[{"category":"bat (animal)","bbox":[0.0,0.0,2.0,2.0],"score":0.5}]}"#))
    }
  }

  @Test func notesAndNamesThatAreNotTextComeBack() throws {
    try withTemporaryFolder { folder in
      let path = "\(folder)/file.jsonl"
      let name = PathText.text(of: [0x63, 0x61, 0x66, 0xE9])
      let row = DetectionFile.Row(
        image: name, id: 1, outcome: .detected([], width: 1, height: 1), note: "a png with \"x\"")
      try write([row], to: path)
      #expect(try readAll(path) == [row])
      let text = try String(contentsOfFile: path, encoding: .utf8)
      #expect(text.contains(#""image":"caf\uEFE9""#))
      #expect(text.contains(#""status":"ok","note":"a png with \"x\"","detections":[],"xx"#))
    }
  }

  @Test func aRunKilledAnywhereEndsWithTheSameBytes() throws {
    try withTemporaryFolder { folder in
      let whole = "\(folder)/whole.jsonl"
      try write(rows, to: whole)
      let bytes = try Files.read(whole)
      let lineEnds = bytes.indices.filter { bytes[$0] == 0x0A }
      let lengths = (0...bytes.count).filter { length in
        length % 17 == 0 || lineEnds.contains { abs($0 - length) < 3 }
      }
      for length in lengths {
        let path = "\(folder)/cut.jsonl"
        try bytes.prefix(length).write(to: URL(filePath: path))
        do {
          let writer = try DetectionFile.Writer(path: path, header: header)
          let ends = bytes.prefix(length).count { $0 == 0x0A }
          #expect(writer.done.count == max(0, ends - 1))
          #expect(writer.failures == (ends > 3 ? 1 : 0))
        }
        try write(rows, to: path)
        #expect(try Files.read(path) == bytes, "cut after \(length) bytes")
      }
    }
  }

  @Test func aFinishedFileIsLeftAlone() throws {
    try withTemporaryFolder { folder in
      let path = "\(folder)/file.jsonl"
      try write(rows, to: path)
      let before = try Files.read(path)
      try write(rows, to: path)
      #expect(try Files.read(path) == before)
    }
  }

  @Test func linesAreLeftOutMovedAndRenumbered() throws {
    try withTemporaryFolder { folder in
      let path = "\(folder)/file.jsonl"
      var known = rows
      known[0].content = String(repeating: "ab", count: 32)
      known.append(
        .init(
          image: #"x","id":0,"sha256":null,"detections":[.jpg"#, id: 5,
          outcome: .detected([], width: 3, height: 4)))
      try write(known, to: path)
      do {
        let writer = try DetectionFile.Writer(path: path, header: header)
        #expect(writer.entries.map(\.image) == known.map(\.image))
        #expect(writer.entries.map(\.content) == known.map(\.content))
        #expect(writer.entries.map { $0.failure == nil } == [true, true, false, true, true])
        let lines = writer.entries
        try writer.rewrite([(lines[4], 1), (lines[0], 2), (lines[2], 3)])
        #expect(writer.done == [1, 2, 3] && writer.failures == 1)
        var added = known[1]
        added.id = 4
        try writer.append(added)
        try writer.sync()
      }
      let wanted = zip([known[4], known[0], known[2], known[1]], 1...).map { row, id in
        var row = row
        row.id = id
        return row
      }
      #expect(try readAll(path) == wanted)
      // As one that was written so.
      let fresh = "\(folder)/fresh.jsonl"
      try write(wanted, to: fresh)
      #expect(try Files.read(path) == Files.read(fresh))
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder).count == 2)
    }
  }

  private func error(_ body: () throws -> Void) -> InputError? {
    do {
      try body()
      return nil
    } catch { return error as? InputError }
  }

  @Test func anotherRunsFileIsRefusedAndKept() throws {
    try withTemporaryFolder { folder in
      let path = "\(folder)/file.jsonl"
      try write(rows, to: path)
      let before = try Files.read(path)
      for other in [
        DetectionFile.Header(fingerprint: "other", categories: header.categories),
        DetectionFile.Header(fingerprint: header.fingerprint, categories: ["cat"]),
      ] {
        let refused = error { _ = try DetectionFile.Writer(path: path, header: other) }
        #expect(refused?.kind == .badData)
        #expect(refused?.place == path)
        #expect(refused?.hint != nil)
      }
      #expect(try Files.read(path) == before)
    }
  }

  @Test func somebodysFileIsRefusedAndKept() throws {
    let nextVersion =
      #"{"format":"vild-detections","version":4,"fingerprint":"","categories":[]}"#
    try withTemporaryFolder { folder in
      for content in [
        "some notes", "some notes\n", "{}\n", #"{"format":"vild-proposals","version":1}"# + "\n",
        nextVersion + "\n", "\0\0\0\n", "\n",
      ] {
        let path = "\(folder)/notes.txt"
        try Data(content.utf8).write(to: URL(filePath: path))
        #expect(
          error { _ = try DetectionFile.Writer(path: path, header: header) }?.kind == .badData)
        #expect(error { _ = try DetectionFile.Reader(path: path) }?.kind == .badData)
        #expect(try Files.read(path) == Data(content.utf8))
      }
    }
  }

  @Test(
    arguments: [
      (
        #"{"image":"a.jpg","width":4,"height":4,"status":"ok","detections":[]}"#,
        "the key 'id' is missing"
      ),
      (
        #"{"image":"a.jpg","id":2,"width":4,"height":4,"status":"ok","detections":[]}"#,
        "the image is given twice"
      ),
    ])
  func aWrongLineIsNamed(line: String, what: String) throws {
    try withTemporaryFolder { folder in
      let path = "\(folder)/file.jsonl"
      try write(rows, to: path)
      let damaged = try Files.read(path) + Data("\(SealedJSON.sealed(line))\n".utf8)
      try damaged.write(to: URL(filePath: path))
      let resumed = error { _ = try DetectionFile.Writer(path: path, header: header) }
      let read = error { _ = try readAll(path) }
      for found in [resumed, read] {
        #expect(found?.what == what)
        #expect(found?.place?.hasPrefix("\(path) line 6") == true)
      }
      #expect(try Files.read(path) == damaged)
    }
  }

  @Test(
    arguments: [
      (#""width":0,"height":4,"status":"ok","detections":[]"#, "width, height"),
      (#""width":null,"height":null,"status":"ok","detections":[]"#, "width, height"),
      (#""width":4,"height":4,"status":"fine","detections":[]"#, "status"),
      (
        #""width":4,"height":4,"status":"ok","detections":[{"category":"dog","bbox":[0,0,1,1],"score":1}]"#,
        "detections[0].category"
      ),
      (
        #""width":4,"height":4,"status":"ok","detections":[{"category":"cat","bbox":[0,0,1],"score":1}]"#,
        "detections[0].bbox"
      ),
      (
        #""width":4,"height":4,"status":"ok","detections":[{"category":"cat","bbox":[0,0,-1,1],"score":1}]"#,
        "detections[0].bbox"
      ),
      (
        #""width":4,"height":4,"status":"ok","detections":[{"category":"cat","bbox":[0,0,1,1],"score":1,"mask":"0"}]"#,
        "detections[0].mask"
      ),
      (
        #""width":null,"height":null,"status":"failed: x","detections":[{"category":"cat","bbox":[0,0,1,1],"score":1}]"#,
        "detections"
      ),
    ])
  func aReaderChecksEveryValue(members: String, at member: String) throws {
    try withTemporaryFolder { folder in
      let path = "\(folder)/file.jsonl"
      try write([], to: path)
      let content =
        try Files.read(path)
        + Data((SealedJSON.sealed("{\"image\":\"a.jpg\",\"id\":1,\(members)}") + "\n").utf8)
      try content.write(to: URL(filePath: path))
      #expect(error { _ = try readAll(path) }?.place == "\(path) line 2: \(member)")
    }
  }

  /// Whatever bit of it flips, or where a line of others stands: a reader names it, and a writer goes on
  /// without it.
  @Test func aDamagedLineIsNamedAndWrittenAgain() throws {
    try withTemporaryFolder { folder in
      let path = "\(folder)/file.jsonl"
      try write(rows, to: path)
      let whole = try Files.read(path)
      let ends = whole.indices.filter { whole[$0] == 0x0A }
      for place in stride(from: ends[1] + 1, to: ends[2], by: 7) {
        var damaged = whole
        damaged[place] ^= 1 << UInt8(place % 8)
        if damaged[place] == 0x0A { continue }
        try damaged.write(to: URL(filePath: path))
        let found = error { _ = try readAll(path) }
        #expect(found?.kind == .badData && found?.place == "\(path) line 3", "byte \(place)")
        do {
          let writer = try DetectionFile.Writer(path: path, header: header)
          #expect(writer.damagedLines == [3] && writer.done == Set(rows.map(\.id)).subtracting([2]))
          try writer.append(rows[1])
          try writer.rewrite(
            rows.compactMap { row in
              writer.entries.first { $0.id == row.id }.map { ($0, row.id) }
            })
        }
        #expect(try Files.read(path) == whole, "byte \(place)")
      }
      let line = #"{"image":"a.jpg","id":1,"width":4,"height":4,"status":"ok","detections":[]}"#
      try (whole + Data("\(line)\n".utf8)).write(to: URL(filePath: path))
      let found = error { _ = try readAll(path) }
      #expect(found?.place == "\(path) line 6" && found?.got == "none")
    }
  }

  @Test func aReaderReportsACutFile() throws {
    try withTemporaryFolder { folder in
      let path = "\(folder)/file.jsonl"
      try write(rows, to: path)
      let bytes = try Files.read(path)
      try bytes.dropLast(3).write(to: URL(filePath: path))
      let found = error { _ = try readAll(path) }
      #expect(found?.what == "the last line is cut off")
      #expect(found?.place == "\(path) line 5")
      #expect(
        error { _ = try DetectionFile.Reader(path: "\(folder)/none.jsonl") }?.kind == .missingInput)
    }
  }

  @Test func everyLineFitsTheSchema() throws {
    let schema = try JSONSerialization.jsonObject(
      with: Files.read(fixture("../../schemas/detections.schema.json")))
    let kinds = try #require((schema as? [String: Any])?["$defs"] as? [String: [String: Any]])
    /// An object has all members that its kind requires, and none that it does not know.
    func check(_ value: Any, is kind: String) throws -> [String: Any] {
      let object = try #require(value as? [String: Any])
      let required = try #require(kinds[kind]?["required"] as? [String])
      let known = try #require(kinds[kind]?["properties"] as? [String: Any])
      #expect(Set(object.keys).isSuperset(of: required))
      #expect(Set(object.keys).isSubset(of: known.keys))
      let others =
        [
          "header": ["parents", "attributes"], "image": ["note"],
          "detection": ["parent", "attribute", "probabilities", "cosine", "mask"],
        ][kind] ?? []
      #expect(Set(known.keys).subtracting(required) == Set(others))
      return object
    }
    try withTemporaryFolder { folder in
      let path = "\(folder)/file.jsonl"
      try write(rows, to: path)
      let lines = try Files.read(path).split(separator: 0x0A)
        .map { try JSONSerialization.jsonObject(with: $0) }
      _ = try check(lines[0], is: "header")
      for line in lines.dropFirst() {
        let found = try #require(check(line, is: "image")["detections"] as? [Any])
        for detection in found { _ = try check(detection, is: "detection") }
      }
    }
  }

  @Test func twoWritersOfOneFileAreRefused() throws {
    try withTemporaryFolder { folder in
      let path = "\(folder)/file.jsonl"
      let first = try DetectionFile.Writer(path: path, header: header)
      #expect(error { _ = try DetectionFile.Writer(path: path, header: header) }?.kind == .tryAgain)
      try first.append(rows[0])
      #expect(first.done == [7])
    }
  }

  @Test func unwritablePlacesAreErrors() throws {
    try withTemporaryFolder { folder in
      #expect(
        error { _ = try DetectionFile.Writer(path: "\(folder)/no/file.jsonl", header: header) }?
          .kind
          == .missingInput)
      #expect(
        error { _ = try DetectionFile.Writer(path: folder, header: header) }?.kind == .cannotCreate)
    }
  }

  @Test func linesLongerThanAReadAreRead() throws {
    try withTemporaryFolder { folder in
      let path = "\(folder)/file.jsonl"
      let many = (0..<6000).map { index in
        Detection(
          box: Box(x0: Float(index) / 7, y0: 0, x1: Float(index) / 7 + 1, y1: 1),
          category: index % 3, score: 1 / Float(index + 1))
      }
      let long = (0..<3).map { id in
        DetectionFile.Row(
          image: "\(id).jpg", id: id, outcome: .detected(many, width: 2000, height: 1))
      }
      try write(long, to: path)
      #expect(try readAll(path) == long)
      try write(long, to: path)
      #expect(try readAll(path) == long)
    }
  }
}
